//! Names and habits of Hindi.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFamily,
    country: "भारत",
    female: "प्रिया/priya अंजलि/anjali पूजा/pooja नेहा/neha सुनीता/sunita अनीता/anita कविता/kavita रेखा/rekha मीना/meena गीता/geeta सीता/sita आशा/asha लक्ष्मी/lakshmi दीपिका/deepika श्रेया/shreya ऐश्वर्या/aishwarya रितु/ritu उषा/usha किरण/kiran शालिनी/shalini",
    male: "राहुल/rahul अमित/amit राजेश/rajesh सुरेश/suresh विजय/vijay संजय/sanjay अनिल/anil अजय/ajay मनोज/manoj दीपक/deepak रवि/ravi अर्जुन/arjun कृष्ण/krishna विक्रम/vikram आदित्य/aditya रोहन/rohan हर्ष/harsh मोहन/mohan ओम/om प्रकाश/prakash",
    middle_female: "",
    middle_male: "",
    family: "शर्मा/sharma वर्मा/verma गुप्ता/gupta सिंह/singh कुमार/kumar मिश्रा/mishra यादव/yadav पाण्डेय/pandey तिवारी/tiwari जोशी/joshi अग्रवाल/agarwal चौधरी/chaudhary श्रीवास्तव/srivastava त्रिपाठी/tripathi मेहता/mehta सक्सेना/saxena ठाकुर/thakur दुबे/dubey चौहान/chauhan राठौर/rathore",
    street: "{number}, {street}",
    streets: "महात्मा गांधी मार्ग|स्टेशन रोड|गांधी नगर|शास्त्री मार्ग|नेहरू चौक|गुलाब गली",
    places: "नई दिल्ली;दिल्ली;1100##|लखनऊ;उत्तर प्रदेश;2260##|जयपुर;राजस्थान;3020##|भोपाल;मध्य प्रदेश;4620##|पटना;बिहार;8000##",
    mobiles: "90000 00###|+91 90000 00###|+91-9000-000-###",
    landlines: "011-0000 0###|+91 522 000 0###",
    companies: "गेहूँ बेकरी|प्रकाश पुस्तक भंडार|हिमालय ट्रेडर्स प्रा. लि.|मुस्कान दंत चिकित्सालय",
    titles: "इंजीनियर|शिक्षिका|बिक्री प्रबंधक|नर्स|वकील|प्रोग्रामर|डॉक्टर",
    notes: "जयपुर के मेले में मिले थे।|मूँगफली से एलर्जी है।|शाम छह बजे के बाद फ़ोन करें।|कॉलेज के पुराने दोस्त।",
    groups: "परिवार|मित्र|काम|क्लब|पड़ोसी|विद्यालय",
};
