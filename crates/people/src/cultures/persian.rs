//! Names and habits of Persian. The text runs from right to left.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFamily,
    country: "ایران",
    female: "فاطمه/fatemeh زهرا/zahra مریم/maryam سارا/sara نرگس/narges لیلا/leila شیرین/shirin پریسا/parisa نازنین/nazanin مینا/mina گلناز/golnaz آرزو/arezoo سمیرا/samira مهسا/mahsa شهرزاد/shahrzad پروانه/parvaneh ژاله/zhaleh الهام/elham نیلوفر/niloufar بهار/bahar",
    male: "محمد/mohammad علی/ali رضا/reza حسین/hossein مهدی/mehdi امیر/amir سعید/saeed حمید/hamid بهرام/bahram کوروش/kourosh داریوش/dariush آرش/arash پرویز/parviz فرهاد/farhad سیاوش/siavash بابک/babak کامران/kamran مجید/majid پیمان/peyman نیما/nima",
    middle_female: "",
    middle_male: "",
    family: "احمدی/ahmadi محمدی/mohammadi حسینی/hosseini رضایی/rezaei کریمی/karimi موسوی/mousavi جعفری/jafari صادقی/sadeghi رحیمی/rahimi هاشمی/hashemi ابراهیمی/ebrahimi یزدانی/yazdani تهرانی/tehrani شیرازی/shirazi فرهادی/farhadi نوری/nouri قاسمی/ghasemi زمانی/zamani اکبری/akbari پارسا/parsa چگینی/chegini",
    street: "{street}، پلاک {number}",
    streets: "خیابان انقلاب|خیابان ولیعصر|خیابان حافظ|بلوار کشاورز|کوچهٔ گلستان|خیابان سعدی",
    places: "تهران;;11###|اصفهان;;81###|شیراز;فارس;71###|مشهد;خراسان رضوی;91###|تبریز;;51###",
    mobiles: "0900 000 0###|+98 900 000 0###|۰۹۰۰ ۰۰۰ ۰%%%",
    landlines: "021 0000 0###|+98 31 0000 0###|۰۲۱ ۰۰۰۰ ۰%%% (داخلی ۱%)",
    companies: "نانوایی خوشه|کتاب‌فروشی پگاه|شرکت بازرگانی سرو|دندان‌پزشکی لبخند",
    titles: "مهندس|معلم|مدیر فروش|پرستار|وکیل|برنامه‌نویس|پزشک",
    notes: "در نمایشگاه کتاب تهران آشنا شدیم.|به گردو حساسیت دارد.|بعد از ساعت شش تماس بگیرید.|هم‌کلاسی دانشگاه.",
    groups: "خانواده|دوستان|کار|باشگاه|همسایه‌ها|مدرسه",
};
