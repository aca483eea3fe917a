//! Names and habits of Arabic: the given name, that of the father, and the family. The text runs from right to left.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFatherFamily,
    country: "مصر",
    female: "فاطمة/fatima عائشة/aisha مريم/maryam زينب/zaynab خديجة/khadija نور/nour سارة/sara ليلى/layla هدى/huda أمل/amal رانيا/rania سلمى/salma ياسمين/yasmin دعاء/duaa إيمان/iman آمنة/amina سمر/samar هالة/hala منى/mona نجلاء/najlaa",
    male: "محمد/mohamed أحمد/ahmed علي/ali حسن/hassan حسين/hussein عمر/omar يوسف/youssef إبراهيم/ibrahim خالد/khaled محمود/mahmoud مصطفى/mustafa عبد_الله/abdullah عبد_الرحمن/abdelrahman طارق/tarek كريم/karim سامي/sami زياد/ziad فيصل/faisal ياسر/yasser إسماعيل/ismail",
    middle_female: "",
    middle_male: "",
    family: "العلي/alali الأحمد/alahmad الخطيب/alkhatib النجار/alnajjar الحداد/alhaddad المصري/almasri الشامي/alshami البغدادي/albaghdadi القاسم/alqasim الزهراني/alzahrani العتيبي/alotaibi حمدان/hamdan منصور/mansour سليمان/suleiman عبد_العزيز/abdelaziz السيد/alsayed الشريف/alsharif البكري/albakri الهاشمي/alhashimi داود/dawood",
    street: "{number} {street}",
    streets: "شارع التحرير|شارع النيل|شارع الملك فهد|شارع الحمراء|شارع الجامعة|شارع السلام",
    places: "القاهرة;;115##|الإسكندرية;;215##|الجيزة;;125##|أسوان;;815##|المنصورة;الدقهلية;355##",
    mobiles: "010 0000 0###|+20 100 000 0###|٠١٠ ٠٠٠٠ ٠@@@",
    landlines: "02 0000 0###|+20 2 0000 0###|٠٢ ٠٠٠٠ ٠@@@ (تحويلة ١@)",
    companies: "مخبز السنابل|مكتبة الفجر|شركة النخيل للتجارة|عيادة الابتسامة",
    titles: "مهندس|معلمة|مدير المبيعات|ممرضة|محامية|مبرمج|طبيب",
    notes: "تعارفنا في معرض الكتاب بالقاهرة.|لا يأكل المكسرات.|الاتصال بعد السادسة مساءً، فهو مشغول نهارًا.|زميل من الجامعة.",
    groups: "العائلة|الأصدقاء|العمل|النادي|الجيران|المدرسة",
};
