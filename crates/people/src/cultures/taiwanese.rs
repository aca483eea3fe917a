//! Names and habits of Chinese in traditional characters, in Taiwan.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::FamilyGivenJoined,
    country: "臺灣",
    female: "淑芬/shufen 淑惠/shuhui 美玲/meiling 雅婷/yating 美惠/meihui 麗華/lihua 淑娟/shujuan 怡君/yijun 詩涵/shihhan 欣怡/hsinyi 佳穎/chiaying 宜蓁/yichen 鈺婷/yuting 惠雯/huiwen 玉蘭/yulan 秀鳳/xiufeng 曉薇/hsiaowei 靜宜/chingyi 麗雲/liyun 筱涵/hsiaohan",
    male: "志明/chihming 俊傑/chunchieh 建宏/chienhung 家豪/chiahao 承翰/chenghan 冠宇/kuanyu 宗翰/tsunghan 柏翰/pohan 彥廷/yenting 志偉/chihwei 文雄/wenhsiung 金龍/chinlung 國華/kuohua 明德/mingte 宇軒/yuhsuan 品睿/pinjui 俊賢/chunhsien 耀東/yaotung 建國/chienkuo 德勝/tesheng",
    middle_female: "",
    middle_male: "",
    family: "陳/chen 林/lin 黃/huang 張/chang 李/lee 王/wang 吳/wu 劉/liu 蔡/tsai 楊/yang 許/hsu 鄭/cheng 謝/hsieh 郭/kuo 洪/hung 曾/tseng 邱/chiu 廖/liao 賴/lai 徐/hsu 葉/yeh 蘇/su 歐陽/ouyang 張簡/changchien",
    street: "{street}{number}號",
    streets: "中山路|忠孝東路|民生路|復興南路|仁愛街|光復路",
    places: "臺北市;中正區;100##|高雄市;鹽埕區;803##|臺中市;西區;403##|臺南市;東區;701##|花蓮縣;;970##",
    mobiles: "0900-000-###|+886 900 000 ###",
    landlines: "(02) 0000-0###|+886 7 000 0###|(04) 0000-0### 分機 1#",
    companies: "晨光麵包坊|遠山書店|藍鯨科技股份有限公司|微笑牙醫診所",
    titles: "工程師|老師|業務經理|護理師|律師|醫師",
    notes: "在臺南的書展認識。|對花生過敏。|晚上七點後再打電話。|大學同學，喜歡登山。",
    groups: "家人|朋友|工作|社團|鄰居|同學",
};
