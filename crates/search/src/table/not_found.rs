//! What must not find each other.

use super::Rows;
use crate::column::Part;

/// The first does not find the second.
pub(super) const ROWS: &[Rows] = &[
    Rows::new(
        "umlauts",
        Part::Name,
        &[
            ("Mueller", "Muller"),
            ("Muller", "Mueller"),
            ("Su", "Ü"),
            ("sue", "Su"),
            ("Joerg", "Jorg"),
            ("Michaël", "Michaeel"),
            ("Haakon", "Hakon"),
        ],
    ),
    Rows::new(
        "letters that are others",
        Part::Name,
        &[
            ("Андрей", "Андреи"),
            ("Київ", "Киів"),
            ("محمد", "محمود"),
            ("علی", "عالی"),
            ("王", "玉"),
            ("김", "금"),
            ("はな", "ばな"),
            ("दिन", "दीन"),
            ("രാജൻ", "രാജ"),
            ("כהן", "כוהן"),
        ],
    ),
    Rows::new(
        "one and two letters begin a word",
        Part::Name,
        &[("d", "Ada"), ("da", "Ada"), ("ob", "Bob"), ("oh", "John")],
    ),
    Rows::new(
        "words",
        Part::Name,
        &[
            ("ada", "Adele"),
            ("ada lovelace", "Ada Byron"),
            ("schmidt anna", "Anna Schmitt"),
            ("marie", "Anne Maria"),
            ("JRR Tolkien", "R. J. Tolkien"),
            ("mariea", "Anne Marie"),
            ("nemarie", "Anne Marie"),
            ("小月", "王小明"),
            ("明小", "王小明"),
        ],
    ),
    Rows::new(
        "one letter is for names",
        Part::Other,
        &[("b", "Baker Street"), ("x", "Xylophone")],
    ),
    Rows::new(
        "phone numbers",
        Part::Phone,
        &[
            ("+44 20 7946 0000", "+1 207 946 0000"),
            ("+49 30 123456", "+43 30 123456"),
            ("+44 20 7946 0000", "+44 20 7946 0001"),
            ("030 123456", "030 123457"),
            ("7946 0000", "0000 7946"),
            ("+44", "+1 234 567 8944"),
            ("+1 234 567 8900", "02345678901"),
            ("2345678", "234567 ext. 8"),
            ("flowers", "18003569377"),
            ("+1 234 567 8900 x987", "+1 234 567 8900 ext. 124"),
            ("448079460000", "020 7946 0000"),
            ("1800 rose", "1-800-FLOWERS"),
        ],
    ),
    Rows::new(
        "addresses",
        Part::Email,
        &[
            ("example.com", "ada@example.org"),
            ("@ada", "ada@example.com"),
            ("ada@example.com", "ada@example.co.uk"),
            ("example.com", "com.example@test.org"),
            ("a@b", "a.b@c.d"),
        ],
    ),
    Rows::new(
        "filters",
        Part::Company,
        &[
            ("company:acme", "Other"),
            ("label:acme", "Acme Corp"),
            ("city:acme", "Acme Corp"),
            ("company:\"acme corp\"", "Acme Ltd"),
            ("company:xme", "Acme Corp"),
            ("company:cm", "Acme"),
            ("has:company", "Acme Corp"),
        ],
    ),
    Rows::new(
        "has and no",
        Part::Has,
        &[
            ("has:phone", "email"),
            ("no:phone", "phone"),
            ("no:e", "email"),
            ("phone", "phone"),
            ("has:xyz", "phone"),
        ],
    ),
];
