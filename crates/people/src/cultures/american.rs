//! Names and habits of English in the United States.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFamily,
    country: "USA",
    female: "Mary Ashley Brittany Madison Abigail Emily Hannah Jennifer Linda Patricia Michelle Kimberly Amy Angela Melissa Stephanie Nicole Samantha Latoya Keisha Guadalupe Mei Priya Betty Dorothy Sharon Deborah Mackenzie Harper Avery",
    male: "James Michael Robert Christopher Brandon Tyler Justin Ryan Jason Joshua Ethan Mason Logan Carlos Darnell Malik Wei Raj Gary Larry Scott Frank Raymond Gregory Dennis Walter Hunter Caleb Wyatt Jayden",
    family: "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Anderson Thomas Jackson Lee Nguyen Kim Patel Cohen Washington Jefferson O'Neil McDonald Schwartz Kowalski Rossi Gonzales Baker Carter Mitchell Perez Campbell Parker Evans Van_Buren",
    middle_female: "",
    middle_male: "",
    street: "{number} {street}",
    streets: "Main Street|Maple Ave|Oak Street, Apt 4B|Washington Blvd|Elm St.|Sunset Drive|2nd Avenue|Lakeview Ct, Unit 7",
    places: "New York;NY;100##|Springfield;IL;627##|Portland;OR;972##|Austin;TX;787##|San José;CA;951##|St. Paul;MN;551##|Boston;MA;021##-0###",
    mobiles: "(212) 555-01##|+1 (415) 555-01##|312.555.01##|512-555-01##|+1-503-555-01## (evenings only)|303 555 01##",
    landlines: "(617) 555-01## ext. 2##|+1 206 555 01## x1#|1-612-555-01##|(404) 555-01## (ask for the front desk)|1-800-FLOWERS",
    companies: "Sunny Side Diner|Redwood Analytics, Inc.|Lakeshore Dental|Pine & Nail Hardware Co.|Bayview Plumbing LLC|The Corner Bookstore|Ortega Law Group|Prairie Wind Farms",
    titles: "Software Engineer|VP of Sales|Middle School Teacher|Registered Nurse|CFO|Plumber|Attorney at Law|Product Manager|Realtor",
    notes: "Met at the trade show in Austin.|Peanut allergy!|Text first, then call; never before nine.|Has the spare key and the gate code.|Coaches Little League on Saturdays.",
    groups: "Family|Friends|Work|Club|Neighbors|School|Church",
};
