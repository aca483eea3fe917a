//! Names and habits of English in Britain.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFamily,
    country: "United Kingdom",
    female: "Olivia Emma Amelia Charlotte Sophie Grace Emily Lily Hannah Jessica Sarah Laura Rebecca Rachel Susan Margaret Patricia Linda Barbara Jennifer Elizabeth Karen Nancy Zoë Chloe Megan Alice Ruth Helen Joan",
    male: "Oliver George Harry Jack Noah Thomas James William Henry Samuel Daniel Joseph David Michael Robert John Richard Charles Matthew Andrew Peter Paul Mark Steven Edward Brian Kevin Alan Simon Ian",
    middle_female: "",
    middle_male: "",
    family: "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood Jackson Clarke O'Brien O'Connor MacDonald McCarthy Smith-Jones Fitzgerald Campbell Stewart Murphy Kelly Hughes Edwards Turner Cooper Hill Ward Morris Baker",
    street: "{number} {street}",
    streets: "High Street|Station Road|Church Lane|Victoria Road|Mill Lane|Park Avenue|The Crescent|Elm Grove|Queens Road|Orchard Close",
    places: "London;;SW1A 9??|Bristol;;BS1 9??|Leeds;West Yorkshire;LS1 9??|Edinburgh;Scotland;EH1 9??|Cardiff;Wales;CF10 9??|Norwich;Norfolk;NR1 9??|York;North Yorkshire;YO1 9??",
    mobiles: "07700 900###|+44 7700 900###|07700-900-###|+44 (0)7700 900### (evenings only)",
    landlines: "020 7946 0###|+44 20 7946 0###|0117 496 0###|0131 496 0### ext. 2##|(020) 7946 0### (ask for the front desk)|+44 (0)113 496 0###",
    companies: "Harbour & Finch Ltd|Bluebell Bakery|Northgate Plumbing|Ashdown, Reed and Partners|The Paper Lantern Bookshop|Riverside Dental Practice|Thornfield Analytics plc|Oak Street Cycles",
    titles: "Software Engineer|Head of Sales|Teacher|Nurse|Chief Financial Officer|Plumber|Solicitor|Project Manager|Professor of Botany",
    notes: "Met at the conference in Leeds.|Allergic to nuts!|Prefers a call before nine; never texts.|Has the spare key.|Plays the cello in the local orchestra.",
    groups: "Family|Friends|Work|Club|Neighbours|School|Book group",
};
