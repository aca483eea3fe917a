//! Names and habits of Ethiopia: the second name is the given name of the father.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFather,
    country: "ኢትዮጵያ",
    female: "አልማዝ/almaz ሰላም/selam ትዕግስት/tigist ሀና/hana ማርያም/mariam ሳራ/sara ሄለን/helen ብርሃን/birhan አበባ/abeba ገነት/genet ፀሐይ/tsehay ዘነበች/zenebech መሠረት/meseret ወርቅነሽ/workinesh እመቤት/emebet ራሄል/rahel ቤተልሔም/bethlehem ሊያ/lia ፍቅርተ/fikirte አስቴር/aster",
    male: "አበበ/abebe ከበደ/kebede ተስፋዬ/tesfaye ግርማ/girma ኃይሌ/haile ሙሉጌታ/mulugeta ዳዊት/dawit ዮሐንስ/yohannes ሰለሞን/solomon ገብረ/gebre በቀለ/bekele ታደሰ/tadesse ዓለሙ/alemu መኮንን/mekonnen ሳሙኤል/samuel ብርሃኑ/birhanu ወርቁ/worku አሰፋ/assefa ደረጀ/dereje ኤፍሬም/ephrem",
    middle_female: "",
    middle_male: "",
    family: "",
    street: "{street} {number}",
    streets: "ቸርችል ጎዳና|ቦሌ መንገድ|ፒያሳ|መርካቶ|አራት ኪሎ",
    places: "አዲስ አበባ;;10##|ጎንደር;አማራ;61##|ሐዋሳ;ሲዳማ;50##|ባሕር ዳር;አማራ;60##",
    mobiles: "090 000 0###|+251 90 000 0###",
    landlines: "011 000 0###|+251 11 000 0###",
    companies: "እንጀራ ቤት|ፀሐይ መጻሕፍት|አባይ ንግድ|ቡና ላኪ",
    titles: "መሐንዲስ|መምህር|ነርስ|ጠበቃ|ሐኪም",
    notes: "በአዲስ አበባ ተገናኘን።|ከስድስት ሰዓት በኋላ መደወል።|የትምህርት ቤት ጓደኛ።",
    groups: "ቤተሰብ|ጓደኞች|ሥራ|ማኅበር|ጎረቤት|ትምህርት ቤት",
};
