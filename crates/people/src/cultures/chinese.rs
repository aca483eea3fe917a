//! Names and habits of Chinese in simplified characters: the family name first, and no space.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::FamilyGivenJoined,
    country: "中国",
    female: "芳/fang 娜/na 秀英/xiuying 敏/min 静/jing 丽/li 艳/yan 娟/juan 霞/xia 秀兰/xiulan 婷/ting 雪梅/xuemei 玉兰/yulan 欣怡/xinyi 梓涵/zihan 诗涵/shihan 雨萱/yuxuan 思雨/siyu 美玲/meiling 晓燕/xiaoyan",
    male: "伟/wei 强/qiang 磊/lei 军/jun 洋/yang 勇/yong 杰/jie 涛/tao 明/ming 超/chao 刚/gang 平/ping 辉/hui 建国/jianguo 浩然/haoran 子轩/zixuan 宇航/yuhang 志强/zhiqiang 文博/wenbo 天佑/tianyou",
    middle_female: "",
    middle_male: "",
    family: "王/wang 李/li 张/zhang 刘/liu 陈/chen 杨/yang 黄/huang 赵/zhao 吴/wu 周/zhou 徐/xu 孙/sun 马/ma 朱/zhu 胡/hu 郭/guo 何/he 林/lin 高/gao 罗/luo 郑/zheng 梁/liang 谢/xie 宋/song 唐/tang 欧阳/ouyang 司马/sima 诸葛/zhuge",
    street: "{street}{number}号",
    streets: "人民路|中山路|解放街|建设大道|长江路|和平里|学院路",
    places: "北京市;;1000##|上海市;;2000##|广州市;广东省;5100##|成都市;四川省;6100##|西安市;陕西省;7100##|杭州市;浙江省;3100##",
    mobiles: "130 0000 0###|+86 130 0000 0###|130-0000-0###",
    landlines: "010-0000 0###|+86 21 0000 0###|020-0000 0### 转 1#",
    companies: "晨曦面包房|远山书店有限公司|蓝湖科技有限公司|微笑口腔诊所",
    titles: "工程师|教师|销售经理|护士|律师|程序员|医生",
    notes: "在成都的会议上认识的。|对花生过敏。|晚上六点以后再打电话，白天很忙。|大学同学；喜欢下围棋。",
    groups: "家人|朋友|工作|俱乐部|邻居|同学",
};
