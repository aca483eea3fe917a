//! Names and habits of Korean: the family name first, and no space.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::FamilyGivenJoined,
    country: "대한민국",
    female: "서연/seoyeon 지우/jiwoo 서윤/seoyun 민서/minseo 하은/haeun 수빈/subin 지영/jiyoung 미경/mikyung 은정/eunjung 영희/younghee 순자/soonja 미숙/misook 혜진/hyejin 유진/yujin 수진/sujin 예은/yeeun 채원/chaewon 다은/daeun 경희/kyunghee 정숙/jungsook",
    male: "민준/minjun 서준/seojun 도윤/doyun 예준/yejun 시우/siwoo 지훈/jihoon 현우/hyunwoo 성민/sungmin 영수/youngsoo 철수/chulsoo 동현/donghyun 준호/junho 상훈/sanghoon 정훈/junghoon 영호/youngho 재현/jaehyun 승우/seungwoo 태양/taeyang 건우/gunwoo 우진/woojin",
    middle_female: "",
    middle_male: "",
    family: "김/kim 김/kim 김/kim 이/lee 이/lee 박/park 박/park 최/choi 정/jung 강/kang 조/cho 윤/yoon 장/jang 임/lim 한/han 오/oh 서/seo 신/shin 권/kwon 황/hwang 안/ahn 송/song 류/ryu 홍/hong 남궁/namgung 황보/hwangbo",
    street: "{street} {number}",
    streets: "세종대로|테헤란로|중앙로|해운대로|대학로|한강대로",
    places: "서울특별시;종로구;031##|부산광역시;해운대구;480##|대구광역시;중구;419##|인천광역시;연수구;219##|제주시;제주특별자치도;631##",
    mobiles: "010-0000-0###|+82 10-0000-0###",
    landlines: "02-000-0###|+82 51-000-0###|02-000-0### (내선 1#)",
    companies: "주식회사 푸른하늘|밀밭 베이커리|책마루 서점|미소치과의원",
    titles: "엔지니어|교사|영업부장|간호사|변호사|의사|개발자",
    notes: "부산 학회에서 만남.|땅콩 알레르기 있음.|저녁 여섯 시 이후에 전화할 것.|대학 동기, 바둑을 좋아함.",
    groups: "가족|친구|직장|동호회|이웃|학교",
};
