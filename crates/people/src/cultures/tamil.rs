//! Names and habits of Tamil: the second name is the given name of the father.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFather,
    country: "இந்தியா",
    female: "பிரியா/priya லட்சுமி/lakshmi மீனா/meena கவிதா/kavitha தேவி/devi சரஸ்வதி/saraswathi வள்ளி/valli கமலா/kamala அனிதா/anitha நித்யா/nithya சுதா/sudha ராதா/radha ஜெயந்தி/jayanthi கார்த்திகா/karthika மாலதி/malathi பவானி/bhavani அமுதா/amudha யாழினி/yazhini கயல்விழி/kayalvizhi தமிழ்ச்செல்வி/tamilselvi",
    male: "கார்த்திக்/karthik முருகன்/murugan செல்வம்/selvam குமார்/kumar ராஜா/raja சுரேஷ்/suresh ரமேஷ்/ramesh விஜய்/vijay அருண்/arun பாலாஜி/balaji சரவணன்/saravanan வெங்கடேஷ்/venkatesh கண்ணன்/kannan இளங்கோ/ilango தமிழரசன்/tamilarasan மணி/mani சங்கர்/shankar பிரபாகரன்/prabhakaran அன்பு/anbu இனியன்/iniyan",
    middle_female: "",
    middle_male: "",
    family: "",
    street: "{number}, {street}",
    streets: "அண்ணா சாலை|காந்தி தெரு|பாரதி தெரு|கோயில் தெரு|கடற்கரை சாலை",
    places: "சென்னை;தமிழ்நாடு;6000##|மதுரை;தமிழ்நாடு;6250##|கோயம்புத்தூர்;தமிழ்நாடு;6410##|திருச்சிராப்பள்ளி;தமிழ்நாடு;6200##",
    mobiles: "90000 00###|+91 90000 00###",
    landlines: "044-0000 0###|+91 452 000 0###",
    companies: "மல்லிகை அடுமனை|பாரதி புத்தக நிலையம்|காவேரி வணிகம்|புன்னகை பல் மருத்துவமனை",
    titles: "பொறியாளர்|ஆசிரியர்|விற்பனை மேலாளர்|செவிலியர்|வழக்கறிஞர்|மருத்துவர்",
    notes: "சென்னை புத்தகக் காட்சியில் சந்தித்தோம்.|கடலை சாப்பிடமாட்டார்.|மாலை ஆறு மணிக்குப் பிறகு அழைக்கவும்.",
    groups: "குடும்பம்|நண்பர்கள்|வேலை|மன்றம்|அண்டை வீட்டார்|பள்ளி",
};
