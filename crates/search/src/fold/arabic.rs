//! Arabic letters that languages, keyboards and habits exchange. What a hamza sits on decomposes, so that its marks are
//! gone already. As the analysers of Apache Lucene for Arabic and Persian (`ArabicNormalizer`, `PersianNormalizer`).

/// The hamza that stands alone: it is often left out, and so it is here.
pub(super) const HAMZA: char = 'ء';

/// One letter for those that people exchange.
pub(super) fn plain(c: char) -> char {
    match c {
        'ٱ' | 'ٲ' | 'ٳ' | 'ٵ' => 'ا',
        // Yeh of Persian, of Urdu, of Pashto, and alef maksura.
        'ى' | 'ی' | 'ې' | 'ے' | 'ۍ' | 'ێ' => 'ي',
        'ک' | 'ڪ' => 'ك',
        // Teh marbuta, heh goal, heh doachashmee.
        'ة' | 'ہ' | 'ھ' | 'ە' | 'ۃ' | 'ۀ' | 'ۂ' => 'ه',
        'ٶ' => 'و',
        'ٸ' => 'ي',
        _ => c,
    }
}
