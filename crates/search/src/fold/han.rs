//! Variants of Han characters in names: old and new forms of Japan, forms of family registers, traditional and simplified
//! characters of Chinese where one stands for one.
//!
//! The sources are the variants of Unihan (`kSimplifiedVariant`, `kTraditionalVariant`, `kSemanticVariant`, `kZVariant`,
//! Unicode Standard Annex #38) and, for the new forms of Japan, the table of kanji for daily use (常用漢字表) with the old
//! forms beside them and the second table of the rules for the family register (戸籍法施行規則別表第二). The characters are
//! those that people are named with; a simplified character that mostly is a name of its own (`余`, `范`, `后`, `朴`) is not
//! here.
//! Compatibility forms decompose, so that only the twelve that Unicode has not unified are here.

use std::collections::HashMap;
use std::sync::LazyLock;

use icu_properties::CodePointMapData;
use icu_properties::props::Script;

/// Groups of characters, of which the first stands for all.
const GROUPS: &str = "\
    高髙 崎﨑嵜碕 沢澤泽 広廣广 浜濱濵滨 桜櫻樱 渋澁 滝瀧泷 徳德 恵惠 円圓 塩鹽盐 桑桒 \
    島嶋嶌岛 峰峯 静靜 真眞 寿壽 収收 穂穗 黒黑 鉄鐵铁 与與 体體 会會 伝傳传 児兒儿 \
    両兩两 参參 富冨 寛寬宽 尭堯尧 弥彌 弁辨 応應应 戸戶户 払拂 抜拔 拝拜 数數 晃晄 \
    楽樂乐 検檢检 歩步 歴歷历 残殘 気氣气 浄淨净 浅淺 渓溪 温溫 湾灣 満滿满 瀬瀨濑 \
    焼燒烧 犠犧 献獻 県縣县 禄祿 稲稻 窓窗 竈竃 粋粹 経經经 総總总 縄繩绳 声聲 舎舍 \
    芸藝艺 荘莊庄 蔵藏 薫薰 蘭兰 虎乕 蛍螢萤 覚覺觉 観觀观 訳譯译 証證证 読讀读 変變变 \
    豊豐 賢贤 転轉转 軽輕轻 辞辭 郎郞 酔醉 釈釋释 鎌鐮镰 陥陷 険險险 隠隱隐 雑雜杂 青靑 \
    頼賴赖 顔顏颜 駅驛驿 駆驅驱 験驗验 髪髮 黄黃 鼓皷 勝胜 吉𠮷 団團团 図圖图 圏圈 \
    圧壓压 売賣卖 奥奧 嬢孃 学學斈 対對对 専專专 将將 属屬 帯帶带 帰歸归 庁廳厅 廃廢废 \
    弾彈弹 従從从 徴徵 恒恆 戦戰战 択擇择 担擔 拠據据 捜搜 掲揭 摂攝摄 旧舊 諸诸 猪豬 \
    難难 飯饭 欄栏 槙槇 遥遙 凛凜 桧檜 篭籠笼 薮藪 頚頸颈 鴎鷗鸥 砺礪 祷禱 祢禰 蝋蠟蜡 \
    蕊蘂 諌諫 靭靱韌韧 侠俠 柳栁 梅楳 桝枡 館馆舘 曽曾 柏栢 陳陈 張张 劉刘 楊杨 吳呉吴 \
    馬马 羅罗 鄭郑 謝谢 許许 鄧邓 馮冯 韓韩 葉叶 蔣蒋 蕭萧 魯鲁 呂吕 盧卢 陸陆 湯汤 \
    譚谭 賀贺 孫孙 閻阎 厳嚴严 賈贾 鄔邬 万萬 聶聂 項项 婁娄 駱骆 嶽岳 歐欧 単單单 \
    関關关 遅遲迟 聞闻 閔闵 倫伦 連连 側侧 儀仪 億亿 優优 偉伟 傑杰 備备 剛刚 創创 \
    劍剑剣 勵励 華华 協协 叢丛 啟啓启 喬乔 国國囯圀 聖圣 場场 堅坚 壇坛 夢梦 婭娅 媽妈 \
    嫻娴 嬌娇 嬋婵 嬰婴 寧宁 審审 屆届 嵐岚 師师 幣币 廈厦 彥彦 徑径 徹彻 愛爱 慶庆 \
    憲宪 懷怀 戀恋 揚扬 撫抚 敵敌 時时 晉晋 曄晔 暁曉晓 東东 樺桦 樓楼 權权 歡欢 潔洁 \
    漢汉 澗涧 潤润 烏乌 煒炜 煥焕 熱热 燁烨 燈灯 爾尔 瑋玮 瑩莹 環环 瓊琼 畢毕 畫画 \
    當当 盤盘 碩硕 礎础 禎祯 穎颖 穌稣 競竞 筆笔 節节 純纯 紅红 紀纪 紋纹 納纳 細细 \
    紳绅 紹绍 終终 結结 給给 統统 絹绢 綢绸 維维 綱纲 綺绮 緯纬 練练 縉缙 羣群 義义 \
    習习 聯联 聽听 肅肃 腦脑 臨临 興兴 蔭荫 薔蔷 薩萨 處处 裝装 複复 見见 規规 視视 \
    親亲 計计 訓训 記记 訪访 設设 評评 詩诗 話话 詠咏 誠诚 語语 說说 課课 調调 論论 \
    謙谦 講讲 謹谨 識识 議议 護护 財财 貞贞 責责 貢贡 貴贵 貝贝 賓宾 資资 賽赛 贊赞 \
    趙赵 躍跃 車车 軍军 軒轩 輝辉 農农 運运 進进 過过 遠远 適适 選选 還还 邁迈 邏逻 \
    郵邮 鄰邻 醫医 釗钊 針针 鈞钧 鈴铃 銀银 銘铭 銅铜 鋒锋 鋼钢 錦锦 錫锡 鏡镜 鐸铎 \
    長长 門门 開开 間间 閃闪 閣阁 陽阳 陰阴 階阶 際际 隨随 雙双 雲云 電电 霧雾 霊靈灵 \
    韻韵 順顺 頌颂 領领 題题 願愿 類类 風风 飛飞 養养 駿骏 驕骄 騰腾 魚鱼 鳥鸟 鳳凤 \
    鴻鸿 鵬鹏 鶯莺 麗丽 點点 齡龄 竜龍龙 寫写 実實实 導导 宝寶寳 岡冈 勲勳勋勛 勞劳 \
    動动 務务 號号 員员 問问 薗園园 報报 壩坝 壮壯 奮奋 婦妇 孿孪 尋寻 層层 幫帮 廟庙 \
    廠厂 強强 彎弯 悦悅 懇恳 拋抛 撐撑 擁拥 損损 搖摇 敘叙 斷断 曠旷 暢畅 書书 条條 \
    棟栋 業业 極极 栄榮荣 構构 樣样 標标 樹树 機机 横橫 檔档 殼壳 毀毁 氈毡 決决 \
    況况 沖冲 涼凉 渦涡 測测 涌湧 溝沟 滄沧 漁渔 漸渐 濃浓 濟济 瀏浏 瀟潇 灝灏 災灾 \
    為爲为 無无 煙烟 營营 爭争 牆墙 狀状 獅狮 獎奖 獨独 獲获 現现 產产 異异 療疗 発發发 \
    皚皑 尽盡 監监 眾众 睜睁 確确 碼码 祕秘 礼禮 稱称 穩稳 窮穷 竄窜 築筑 簡简 籃篮 \
    糧粮 級级 紙纸 絡络 糸絲丝 綜综 緑綠绿 網网 緊紧 線线 編编 縁緣缘 縱纵 績绩 絵繪绘 \
    継繼继 纜缆 罰罚 罷罢 職职 脅胁 脈脉 腳脚 膽胆 臉脸 挙擧舉举 艦舰 艷艳豔 莖茎 莢荚 \
    蒼苍 蓋盖 藍蓝 薬藥药 藹蔼 蘋苹 蘆芦 蘊蕴 蝦虾 術术 衛卫 補补 襯衬 覽览 討讨 訂订 \
    詞词 試试 該该 詳详 認认 誕诞 誌志 誼谊 請请 諒谅 諾诺 謀谋 謎谜 譜谱 貓猫 負负 \
    販贩 貨货 質质 購购 贈赠 贏赢 趕赶 跡迹 踐践 軟软 較较 載载 輔辅 輩辈 輯辑 輸输 \
    轄辖 辦办 辺邊邉边 郟郏 釀酿 鈕钮 鉅钜 鋪铺 録錄录 鍵键 鏈链 鍾鐘钟 鑒鉴鑑 鑰钥 \
    閉闭 閒闲 閨闺 闊阔 闖闯 隊队 陣阵 鶏鷄雞鸡 離离 霽霁 頂顶 預预 頗颇 頭头 頻频 \
    顥颢 顯显顕 飲饮 飾饰 駐驻 駕驾 騎骑 騏骐 驍骁 驊骅 驥骥 鯤鲲 鰲鳌 鳴鸣 鴛鸳 鵑鹃 \
    鷹鹰 鸞鸾 麦麥 黨党 齒齿 亀龜龟 趨趋 費费 橋桥𣘺 土圡 喜㐂 昂昻 昇曻 淵渊渕 達达逹 \
    郷鄉乡鄕 宜冝 兎兔 野埜 多夛 京亰 来來 教敎 晩晚 毎每 清淸 内內 歳歲岁 狭狹 萌萠 \
    鎮镇鎭 麹麴 増增 頬頰颊 宮宫 絢绚 燦灿 瑪玛 瀅滢 漣涟 爍烁 翹翘 台臺 萊莱 薈荟 \
    諭谕 誉譽 賜赐 鈺钰 鉉铉 銓铨 錕锟 鍇锴 鎧铠 鎔镕 閏闰 閩闽 頤颐 颯飒 馳驰 繹绎 \
    繽缤 纓缨 嶼屿 嶺岭 峡峽 帥帅 惲恽 愷恺 暉晖 楓枫 欽钦 爐炉 竇窦 荊荆 諶谌 酈郦 \
    鞏巩 鮑鲍 儲储 欒栾 繆缪 藺蔺 談谈 閆闫 俞兪 雋隽 棲栖 渉涉 緒緖绪 翠翆 響响 壱壹 \
    貳贰弐 焔焰 駒驹 鷲鹫 鯨鲸 鳩鸠 鴨鸭 鵜鹈 輪轮 繭茧 綾绫 絃弦 紗纱 紬䌷 縞缟 織织 \
    櫛栉 鍋锅 鍛锻 錢钱銭 鍬锹 滸浒 濤涛 灘滩 蓮莲 蘇苏 鄒邹 鄺邝 韋韦 頓顿 顧顾 \
    龐庞 龔龚 鸝鹂 鶴鹤靍靏 驪骊 瓏珑 瓔璎 琺珐 璽玺 璣玑 璵玙 璡琎 瑲玱 瑶瑤 禕祎 \
    縷缕 繾缱 繡绣綉 綽绰 緗缃 緋绯 緹缇 縈萦 聡聰聪 蓀荪 蔦茑 藎荩 蘞蔹 袞衮 覓觅 \
    諄谆 諺谚 譲讓让 賁贲 賡赓 轍辙 迴回 鄴邺 釧钏 釩钒 鈦钛 鉞钺 鉻铬 銑铣 鋭銳锐 \
    錚铮 鐫镌 鑠铄 閎闳 闓闿 隕陨 韜韬 頊顼 頎颀 顓颛 颺飏 馭驭 駟驷 駰骃 騁骋 騫骞 \
    驤骧 鯉鲤 鸚鹦 黌黉 斎齋斉齊齐斋 \
";

static PLAIN: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let mut plain = HashMap::new();
    for group in GROUPS.split_whitespace() {
        let mut variants = group.chars();
        let Some(first) = variants.next() else {
            continue;
        };
        plain.extend(variants.map(|variant| (variant, first)));
    }
    plain
});

/// The character that stands for all of its variants.
pub(super) fn plain(c: char) -> char {
    if !is_han(c) {
        return c;
    }
    PLAIN.get(&c).copied().unwrap_or(c)
}

pub(super) fn is_han(c: char) -> bool {
    match c {
        '\u{4E00}'..='\u{9FFF}' => true,
        '\0'..='\u{2E7F}' | '\u{AC00}'..='\u{D7A3}' => false,
        _ => CodePointMapData::<Script>::new().get(c) == Script::Han,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_is_in_one_group() {
        let mut seen = std::collections::HashSet::new();
        for c in GROUPS.chars().filter(|c| !c.is_whitespace()) {
            assert!(seen.insert(c), "{c}");
            assert_eq!(plain(plain(c)), plain(c));
        }
    }
}
