//! Names and habits of Polish: some family names have a form for women.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFamily,
    country: "Polska",
    female: "Anna Katarzyna Małgorzata Agnieszka Krystyna Barbara Ewa Elżbieta Zofia Teresa Magdalena Joanna Janina Monika Danuta Jadwiga Aleksandra Halina Irena Beata Grażyna Bożena Łucja Żaneta Wiesława Zuzanna",
    male: "Piotr Krzysztof Andrzej Tomasz Jan Paweł Michał Marcin Stanisław Jakub Adam Marek Łukasz Grzegorz Mateusz Wojciech Mariusz Dariusz Zbigniew Jerzy Maciej Rafał Robert Kazimierz Józef Ryszard Świętosław Bogusław Sławomir",
    middle_female: "",
    middle_male: "",
    family: "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski Jankowski Mazur Wojciechowski Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski Zając Pawłowski Michalski Król Wieczorek Jabłoński Wróbel Nowakowski Majewski Olszewski Stępień Malinowski Brzęczyszczykiewicz",
    street: "ul. {street} {number}",
    streets: "Długa|Krótka|Świętokrzyska|Łąkowa|Słoneczna|Mickiewicza|Żeromskiego|Kościuszki",
    places: "Warszawa;mazowieckie;00-###|Łódź;łódzkie;90-###|Kraków;małopolskie;30-###|Wrocław;dolnośląskie;50-###|Gdańsk;pomorskie;80-###|Częstochowa;śląskie;42-###",
    mobiles: "600 000 ###|+48 600 000 ###|600-000-###",
    landlines: "22 000 0# ##|+48 22 000 0# ##|(12) 000-0#-## wew. 1#",
    companies: "Piekarnia Złoty Kłos|Żuraw i Wspólnicy sp. z o.o.|Księgarnia Pod Lipą|Przychodnia Słoneczna|Stolarnia Dąb|Biuro Rachunkowe Ćwiek",
    titles: "Inżynier|Nauczycielka|Kierownik Działu Sprzedaży|Pielęgniarka|Księgowa|Programista|Lekarz",
    notes: "Poznani na konferencji w Łodzi.|Nie je orzechów.|Dzwonić po 17:00, wcześniej nie odbiera.|Ma zapasowy klucz.|Śpiewa w chórze.",
    groups: "Rodzina|Przyjaciele|Praca|Klub|Sąsiedzi|Szkoła|Chór",
};
