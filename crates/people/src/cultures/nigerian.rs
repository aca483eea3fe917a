//! Names and habits of Nigeria: Yoruba, Igbo and Hausa.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFamily,
    country: "Nigeria",
    female: "Ngozi Chiamaka Adaeze Ifeoma Chioma Amaka Nkechi Uju Folake Yetunde Bọ́lánlé Títílayọ̀ Funmilayo Abimbola Simisola Temitope Aisha Hauwa Zainab Halima Fatima Blessing Patience Comfort",
    male: "Chinedu Emeka Chukwuemeka Obinna Ikenna Kelechi Uche Nnamdi Adébáyọ̀ Olúwaṣeun Babatunde Tunde Kunle Ayodele Segun Femi Musa Ibrahim Abubakar Sani Yakubu Sunday Godwin Festus",
    middle_female: "",
    middle_male: "",
    family: "Okafor Okeke Eze Nwosu Okonkwo Chukwu Obi Nwachukwu Adeyemi Adeleke Ogunleye Oyelaran Balogun Akinwale Adébáyọ̀ Ọláníyan Bello Mohammed Abdullahi Danjuma Suleiman Okoro Igwe Onyeama Afolabi Fashola",
    street: "{number} {street}",
    streets: "Broad Street|Awolowo Road|Ahmadu Bello Way|Herbert Macaulay Way|Market Road|Allen Avenue",
    places: "Lagos;Lagos State;1000##|Ìbàdàn;Oyo State;2000##|Abuja;FCT;9000##|Enugu;Enugu State;4000##|Kano;Kano State;7000##",
    mobiles: "0800 000 0###|+234 800 000 0###",
    landlines: "01 000 0###|+234 1 000 0### ext 1#",
    companies: "Sunrise Bakery & Sons|Iroko Books|Kaduna Textiles Plc|Bright Smile Dental",
    titles: "Civil Engineer|Headteacher|Sales Director|Nurse|Barrister|Pharmacist|Chief",
    notes: "Met at the wedding in Enugu.|Does not eat groundnuts.|Call after six, please.|Our trusted mechanic; open on Saturdays.",
    groups: "Family|Friends|Work|Church|Neighbours|School",
};
