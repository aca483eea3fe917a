//! Names and habits of Hebrew. The text runs from right to left.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFamily,
    country: "ישראל",
    female: "נועה/noa תמר/tamar מאיה/maya שרה/sarah רחל/rachel לאה/leah מרים/miriam אסתר/esther חנה/hana יעל/yael שירה/shira מיכל/michal רות/ruth דנה/dana אורלי/orly ענת/anat עדי/adi הילה/hila טליה/talia אביגיל/avigail",
    male: "דוד/david יוסף/yosef משה/moshe אברהם/avraham יעקב/yaakov יצחק/yitzhak דניאל/daniel איתי/itay נועם/noam אורי/uri עומר/omer יונתן/yonatan אריאל/ariel אלון/alon גיל/gil רון/ron עמית/amit שלמה/shlomo אהוד/ehud ברק/barak",
    middle_female: "",
    middle_male: "",
    family: "כהן/cohen לוי/levi מזרחי/mizrahi פרץ/peretz ביטון/biton דהן/dahan אברהם/avraham פרידמן/friedman אגבריה/agbaria מלכה/malka אזולאי/azulay כץ/katz יוסף/yosef דוד/david עמר/amar אוחיון/ohayon חדד/hadad גבאי/gabay בן_דוד/bendavid שפירא/shapira רוזנברג/rosenberg ברק/barak",
    street: "{street} {number}",
    streets: "רחוב הרצל|שדרות רוטשילד|רחוב ביאליק|דרך יפו|רחוב ז'בוטינסקי|רחוב האלון",
    places: "תל אביב-יפו;;61#####|ירושלים;;91#####|חיפה;;31#####|באר שבע;;84#####|ראשון לציון;;75#####",
    mobiles: "050-000-0###|+972 50-000-0###",
    landlines: "02-000-0###|+972 3-000-0###|04-000-0### (שלוחה 1#)",
    companies: "מאפיית השיבולת|ספרי הגליל בע\"מ|מרפאת חיוך|נגריית האלון",
    titles: "מהנדסת|מורה|מנהל מכירות|אחות|עורכת דין|מתכנת|רופא",
    notes: "נפגשנו בכנס בחיפה.|אלרגי לאגוזים!|להתקשר אחרי שש, בבוקר לא עונה.|שר במקהלה.",
    groups: "משפחה|חברים|עבודה|מועדון|שכנים|בית ספר",
};
