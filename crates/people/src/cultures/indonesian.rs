//! Names and habits of Indonesian: many people have one name, and the last of several is none of a family.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::Mononym,
    country: "Indonesia",
    female: "Siti Dewi Sri Ayu Ratna Wulan Indah Putri Lestari Nur Fitri Kartika Rina Yuni Sari Endang Mega Citra Kartini Suharti Sulastri Ningsih Wati Maya",
    male: "Budi Agus Joko Slamet Sukarno Suharto Suparman Bambang Eko Dwi Tri Hendra Rudi Wahyu Adi Yusuf Iwan Gunawan Santoso Wibowo Susilo Sutrisno Supriyadi Hartono",
    middle_female: "",
    middle_male: "",
    family: "",
    street: "{street} No. {number}",
    streets: "Jalan Merdeka|Jalan Sudirman|Jalan Diponegoro|Jalan Melati|Gang Kenanga|Jalan Pahlawan",
    places: "Jakarta Pusat;DKI Jakarta;101##|Bandung;Jawa Barat;401##|Yogyakarta;DIY;552##|Surabaya;Jawa Timur;602##|Denpasar;Bali;801##",
    mobiles: "0812-0000-0###|+62 812-0000-0###",
    landlines: "(021) 000-0###|+62 274 000 0##|(031) 000-0### pes. 1#",
    companies: "Toko Roti Melati|CV Sinar Pagi|Toko Buku Cakrawala|PT Samudra Biru",
    titles: "Insinyur|Guru|Manajer Penjualan|Perawat|Pengacara|Dokter",
    notes: "Bertemu di pameran buku Bandung.|Tidak makan kacang.|Telepon setelah jam enam sore.|Teman kuliah; suka bulu tangkis.",
    groups: "Keluarga|Teman|Kantor|Klub|Tetangga|Sekolah",
};
