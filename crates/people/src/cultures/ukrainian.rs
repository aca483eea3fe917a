//! Names and habits of Ukrainian.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::Patronymic,
    country: "Україна",
    female: "Оксана/oksana Олена/olena Наталія/nataliia Ірина/iryna Тетяна/tetiana Ганна/hanna Марія/mariia Софія/sofiia Вікторія/viktoriia Юлія/yuliia Катерина/kateryna Любов/liubov Надія/nadiia Галина/halyna Соломія/solomiia Дарина/daryna Злата/zlata Світлана/svitlana Людмила/liudmyla Христина/khrystyna",
    male: "Олександр/oleksandr Андрій/andrii Сергій/serhii Володимир/volodymyr Микола/mykola Іван/ivan Василь/vasyl Петро/petro Михайло/mykhailo Богдан/bohdan Тарас/taras Дмитро/dmytro Юрій/yurii Олег/oleh Ярослав/yaroslav Остап/ostap Максим/maksym Артем/artem Назар/nazar Євген/yevhen",
    middle_female: "Олександрівна Андріївна Сергіївна Володимирівна Миколаївна Іванівна Василівна Петрівна Михайлівна Богданівна Тарасівна Юріївна",
    middle_male: "Олександрович Андрійович Сергійович Володимирович Миколайович Іванович Васильович Петрович Михайлович Богданович Тарасович Юрійович",
    family: "Шевченко/shevchenko Бондаренко/bondarenko Коваленко/kovalenko Ткаченко/tkachenko Кравченко/kravchenko Олійник/oliinyk Шевчук/shevchuk Коваль/koval Поліщук/polishchuk Бондар/bondar Ткачук/tkachuk Мельник/melnyk Марченко/marchenko Савченко/savchenko Руденко/rudenko Петренко/petrenko Кравчук/kravchuk Клименко/klymenko Павленко/pavlenko Гаврилюк/havryliuk Їжакевич/yizhakevych Ґудзь/gudz",
    street: "{street}, {number}",
    streets: "вул. Шевченка|вул. Лесі Українки|Хрещатик|вул. Садова|просп. Науки|вул. Франка",
    places: "Київ;;010##|Львів;;790##|Одеса;;650##|Харків;;610##|Івано-Франківськ;;760##|Ужгород;Закарпаття;880##",
    mobiles: "050 000 0# ##|+380 50 000 0# ##|(067) 000-0#-##",
    landlines: "044 000 0# ##|+380 32 000 0# ##|(048) 000-0#-##, вн. 1#",
    companies: "ТОВ «Джерело»|Пекарня «Паляниця»|Книгарня «Їжак»|Стоматологія «Усмішка»",
    titles: "Інженерка|Учитель|Директорка з продажу|Медсестра|Бухгалтер|Програміст|Лікар",
    notes: "Познайомилися у Львові.|Не їсть горіхів.|Дзвонити після шостої.|Співає в хорі; знає всіх сусідів.",
    groups: "Родина|Друзі|Робота|Клуб|Сусіди|Школа",
};
