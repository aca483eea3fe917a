//! Names and habits of Bengali.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFamily,
    country: "বাংলাদেশ",
    female: "আয়েশা/ayesha ফাতেমা/fatema সুমি/sumi রিতা/rita মিতা/mita শর্মিলা/sharmila নাসরিন/nasrin তাসলিমা/taslima রুমা/ruma সাদিয়া/sadia অনন্যা/ananya ইন্দ্রাণী/indrani মৌসুমী/moushumi জয়া/joya শাহানা/shahana লায়লা/laila পারভীন/parvin দীপা/dipa কাকলি/kakoli নীলা/nila",
    male: "রহিম/rahim করিম/karim হাসান/hasan হোসেন/hossain আরিফ/arif শফিক/shafiq রফিক/rafiq জামাল/jamal কামাল/kamal তানভীর/tanvir সৌরভ/sourav অমিত/amit সুভাষ/subhash রবীন্দ্র/rabindra নজরুল/nazrul শুভ/shuvo বিপ্লব/biplob মাহমুদ/mahmud ইমরান/imran প্রদীপ/pradip",
    middle_female: "",
    middle_male: "",
    family: "রহমান/rahman ইসলাম/islam আহমেদ/ahmed হক/haque চৌধুরী/chowdhury খান/khan সরকার/sarkar দাস/das ঘোষ/ghosh বন্দ্যোপাধ্যায়/bandyopadhyay মুখোপাধ্যায়/mukhopadhyay সেন/sen রায়/roy বিশ্বাস/biswas মণ্ডল/mondal শেখ/sheikh মিয়া/mia তালুকদার/talukdar আক্তার/akter সাহা/saha",
    street: "{number} {street}",
    streets: "মিরপুর রোড|নজরুল সরণি|বকুল লেন|স্টেশন রোড|রবীন্দ্র সরণি",
    places: "ঢাকা;;12##|চট্টগ্রাম;;40##|সিলেট;;31##|রাজশাহী;;60##|খুলনা;;90##",
    mobiles: "01700-000###|+880 1700-000###",
    landlines: "02-0000###|+880 2 0000###",
    companies: "শাপলা বেকারি|বর্ণমালা বইঘর|মেঘনা ট্রেডার্স লিমিটেড|হাসি ডেন্টাল ক্লিনিক",
    titles: "প্রকৌশলী|শিক্ষিকা|বিক্রয় ব্যবস্থাপক|নার্স|আইনজীবী|চিকিৎসক",
    notes: "ঢাকার বইমেলায় পরিচয়।|বাদাম খায় না।|সন্ধ্যা ছয়টার পরে ফোন করতে হবে।",
    groups: "পরিবার|বন্ধু|কাজ|ক্লাব|প্রতিবেশী|স্কুল",
};
