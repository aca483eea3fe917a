//! Names and habits of Turkish, with its two letters i.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFamily,
    country: "Türkiye",
    female: "Fatma Ayşe Emine Hatice Zeynep Elif Meryem Şerife Zehra Sultan Hanife Merve Havva Zeliha Esra Özlem Gülşen Işıl Ilgın İpek İrem Çiğdem Yağmur Tuğba Büşra Nazlı Şule Ümmühan",
    male: "Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim İsmail Osman Yusuf Murat Ömer Ramazan Halil Süleyman Abdullah Mahmut Recep Salih Fatih Kadir Emre Hakan Ilgaz Işık Çağrı Oğuz Şükrü Barış Yiğit Tuğrul Cem",
    middle_female: "",
    middle_male: "",
    family: "Yılmaz Kaya Demir Şahin Çelik Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç Kurt Özkan Şimşek Polat Korkmaz Çakır Erdoğan Işık Irmak İnan Ünal Güneş Bozkurt Sarı Akın Taş Tekin Güler",
    street: "{street} No: {number}",
    streets: "Atatürk Caddesi|İstiklal Caddesi|Çınar Sokak|Gül Sokağı|Cumhuriyet Bulvarı|Ilgaz Sokak|Bağdat Caddesi",
    places: "İstanbul;Kadıköy;34###|Ankara;Çankaya;06###|İzmir;Bornova;35###|Iğdır;;76###|Eskişehir;Odunpazarı;26###|Diyarbakır;Sur;21###",
    mobiles: "0500 000 0# ##|+90 500 000 0# ##|0 (500) 000 00 ##",
    landlines: "0212 000 0# ##|+90 312 000 0# ##|(0232) 000 00 ## dahili 1#",
    companies: "Işıltı Kırtasiye|Yıldızlar İnşaat A.Ş.|Çınaraltı Kitabevi|Gülüş Diş Kliniği|Ilıca Fırını|Şen Kardeşler Ltd. Şti.",
    titles: "Mühendis|Öğretmen|Satış Müdürü|Hemşire|Avukat|Yazılım Geliştirici|Diş Hekimi",
    notes: "İzmir'deki fuarda tanıştık.|Fıstığa alerjisi var.|Akşam altıdan sonra aranmalı; gündüz açmıyor.|Yedek anahtar onda.|Çarşamba günleri satranç oynar.",
    groups: "Aile|Arkadaşlar|İş|Kulüp|Komşular|Okul|Koro",
};
