//! Names and habits of Thai, whose words are written without spaces.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFamily,
    country: "ประเทศไทย",
    female: "สุดา/suda มาลี/malee สมหญิง/somying พรทิพย์/porntip วิภา/wipa อรุณี/arunee กานดา/kanda นิภา/nipa จันทร์เพ็ญ/chanpen รัตนา/rattana ปราณี/pranee สุภาพร/supaporn ศิริพร/siriporn ณัฐชา/natcha ชลธิชา/chonthicha พิมพ์ชนก/pimchanok วรรณา/wanna อัญชลี/anchalee บุษบา/busaba น้ำฝน/namfon",
    male: "สมชาย/somchai สมศักดิ์/somsak ประเสริฐ/prasert วิชัย/wichai สุรชัย/surachai อนันต์/anan กิตติ/kitti ณัฐพล/nattapon ธนวัฒน์/thanawat ชัยวัฒน์/chaiwat บุญมี/boonmee ประยุทธ์/prayut มานะ/mana ปิติ/piti วีระ/weera ศักดา/sakda สุเมธ/sumet อดิศร/adisorn เอกชัย/ekachai ภูมิ/phum",
    middle_female: "",
    middle_male: "",
    family: "ใจดี/jaidee ศรีสุข/srisuk ทองดี/thongdee แสงจันทร์/saengchan บุญเรือง/boonrueang สุขใจ/sukjai วงศ์ไทย/wongthai พงษ์พันธ์/pongpan รักไทย/rakthai มีสุข/meesuk เจริญผล/charoenpon สายทอง/saithong แก้วมณี/kaewmanee ดวงดี/duangdee จันทร์งาม/channgam สุวรรณ/suwan รัตนกุล/rattanakul ชัยมงคล/chaimongkol ศิริวัฒน์/siriwat อยู่สบาย/yusabai",
    street: "{number} {street}",
    streets: "ถนนสุขุมวิท|ถนนพหลโยธิน|ถนนเจริญกรุง|ซอยอารีย์|ถนนนิมมานเหมินท์|ถนนราชดำเนิน",
    places: "กรุงเทพมหานคร;;101##|เชียงใหม่;;500##|ขอนแก่น;;400##|ภูเก็ต;;830##|สงขลา;หาดใหญ่;901##",
    mobiles: "080-000-0###|+66 80 000 0###",
    landlines: "02-000-0###|+66 53 000 ###|02 000 0### ต่อ 1#",
    companies: "ร้านขนมปังดอกบัว|บริษัท รุ่งอรุณ จำกัด|ร้านหนังสือสายลม|คลินิกทันตกรรมรอยยิ้ม",
    titles: "วิศวกร|ครู|ผู้จัดการฝ่ายขาย|พยาบาล|ทนายความ|แพทย์",
    notes: "เจอกันที่งานหนังสือกรุงเทพ|แพ้ถั่ว|โทรหลังหกโมงเย็น กลางวันไม่รับสาย|เพื่อนสมัยเรียน",
    groups: "ครอบครัว|เพื่อน|ที่ทำงาน|ชมรม|เพื่อนบ้าน|โรงเรียน",
};
