//! Names and habits of Icelandic: the last name is the first name of the father, in the genitive.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::Patronym,
    country: "Ísland",
    female: "Guðrún Anna Kristín Sigríður Margrét Helga Sigrún Ingibjörg Jóhanna María Ragnheiður Hildur Ásta Þórunn Björk Elísabet Erla Lilja Katrín Þóra Ólöf Unnur Birna Hrafnhildur",
    male: "Jón Sigurður Guðmundur Gunnar Ólafur Einar Magnús Kristján Stefán Jóhann Björn Bjarni Árni Þór Aron Daníel Arnar Ragnar Birgir Páll Þorsteinn Ævar Össur Egill",
    middle_female: "",
    middle_male: "",
    family: "Jóns Sigurðar Guðmundar Gunnars Ólafs Einars Magnúsar Kristjáns Stefáns Jóhanns Björns Bjarna Árna Ragnars Páls Þorsteins Helga Egils Sveins Hauks",
    street: "{street} {number}",
    streets: "Laugavegur|Skólavörðustígur|Þórsgata|Ægisgata|Hafnarstræti|Öldugata",
    places: "Reykjavík;;101|Kópavogur;;200|Hafnarfjörður;;220|Akureyri;;600|Ísafjörður;;400",
    mobiles: "600 0###|+354 600 0###",
    landlines: "500 0###|+354 500 0### (innanhúss 1#)",
    companies: "Bakaríið Ylur ehf.|Bókabúðin Þúfa|Skipasmíðastöð Ægis|Tannlæknastofan Bros",
    titles: "Verkfræðingur|Kennari|Framkvæmdastjóri|Hjúkrunarfræðingur|Skipstjóri|Forritari",
    notes: "Hittumst á Akureyri.|Borðar ekki fisk.|Best að hringja eftir kvöldmat.|Syngur í kórnum.",
    groups: "Fjölskylda|Vinir|Vinna|Félag|Nágrannar|Skóli",
};
