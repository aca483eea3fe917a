//! Names and habits of Japanese: the family name first, and how it is read.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::FamilyGiven,
    country: "日本",
    female: "結衣/yui/ゆい 陽菜/hina/ひな 葵/aoi/あおい さくら/sakura/さくら 美咲/misaki/みさき 花子/hanako/はなこ 恵子/keiko/けいこ 洋子/yoko/ようこ 由美/yumi/ゆみ 真由美/mayumi/まゆみ 直美/naomi/なおみ 明美/akemi/あけみ 裕子/yuko/ゆうこ 愛/ai/あい 千尋/chihiro/ちひろ 凛/rin/りん 久美子/kumiko/くみこ 幸子/sachiko/さちこ 七海/nanami/ななみ 彩/aya/あや エミ/emi/えみ",
    male: "翔太/shota/しょうた 蓮/ren/れん 大翔/hiroto/ひろと 太郎/taro/たろう 健/ken/けん 誠/makoto/まこと 浩/hiroshi/ひろし 隆/takashi/たかし 学/manabu/まなぶ 拓也/takuya/たくや 大輔/daisuke/だいすけ 直樹/naoki/なおき 和也/kazuya/かずや 悠斗/yuto/ゆうと 陽斗/haruto/はると 亮/ryo/りょう 修/osamu/おさむ 清/kiyoshi/きよし 勇気/yuki/ゆうき 一郎/ichiro/いちろう",
    middle_female: "",
    middle_male: "",
    family: "佐藤/sato/さとう 鈴木/suzuki/すずき 高橋/takahashi/たかはし 田中/tanaka/たなか 伊藤/ito/いとう 渡辺/watanabe/わたなべ 山本/yamamoto/やまもと 中村/nakamura/なかむら 小林/kobayashi/こばやし 加藤/kato/かとう 吉田/yoshida/よしだ 山田/yamada/やまだ 佐々木/sasaki/ささき 山口/yamaguchi/やまぐち 松本/matsumoto/まつもと 井上/inoue/いのうえ 木村/kimura/きむら 林/hayashi/はやし 斎藤/saito/さいとう 清水/shimizu/しみず 山崎/yamazaki/やまざき 阿部/abe/あべ 森/mori/もり 池田/ikeda/いけだ 橋本/hashimoto/はしもと 石川/ishikawa/いしかわ 髙橋/takahashi/たかはし 長谷川/hasegawa/はせがわ",
    street: "{street}{number}",
    streets: "千代田1-2-|本町3-4-|中央2-1-|緑が丘5-6-|桜台1-3-|旭町2-7-",
    places: "千代田区;東京都;100-00##|大阪市北区;大阪府;530-00##|京都市中京区;京都府;604-00##|札幌市中央区;北海道;060-00##|福岡市博多区;福岡県;812-00##|那覇市;沖縄県;900-00##",
    mobiles: "090-0000-0###|+81 90-0000-0###|080-0000-0###",
    landlines: "03-0000-0###|+81 6-0000-0###|075-000-0###（内線1#）",
    companies: "株式会社あおぞら|麦の香ベーカリー|有限会社山彦書房|スマイル歯科医院",
    titles: "エンジニア|教師|営業部長|看護師|弁護士|医師|料理長",
    notes: "京都の学会で知り合った。|そばアレルギーあり。|電話は夕方六時以降に。日中は出られない。|大学の同級生、囲碁が好き。",
    groups: "家族|友人|仕事|クラブ|近所|学校",
};
