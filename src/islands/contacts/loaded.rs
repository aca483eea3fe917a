//! The part of the list that is loaded: consecutive rows, and the functions that change them.
//!
//! Only the server sorts, because the order of names needs tables that are larger than the page. So a row
//! that may have moved is put to where a page from the server has it.

use std::mem;

use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;

/// Adds the page after the last row.
pub fn append(list: &mut ContactList, page: ContactList) {
    remove_rows_of(&page.rows, list);
    let before = list.rows.len() as u64;
    list.offset = page.offset.saturating_sub(before);
    list.total = page.total;
    list.next_cursor = page.next_cursor;
    list.rows.extend(page.rows);
}

/// Adds the page before the first row.
pub fn prepend(list: &mut ContactList, page: ContactList) {
    remove_rows_of(&page.rows, list);
    list.offset = page.offset;
    list.total = page.total;
    list.previous_cursor = page.previous_cursor;
    list.rows.splice(0..0, page.rows);
}

/// Merges the page that holds a contact that is new or has changed. Rows outside of the page stay. A
/// contact that is not on the page is removed from the list.
pub fn merge_page(list: &mut ContactList, page: ContactList, contact: ContactId) {
    let was_loaded = position(list, contact).is_some();
    list.rows.retain(|row| row.id != contact);
    list.total = page.total;
    if !page.rows.iter().any(|row| row.id == contact) {
        return;
    }
    let is_on_page = |row: &ContactRow| page.rows.iter().any(|other| other.id == row.id);
    let first = list.rows.iter().position(is_on_page);
    let last = list.rows.iter().rposition(is_on_page);
    let (Some(first), Some(last)) = (first, last) else {
        if list.rows.is_empty() || !was_loaded {
            *list = page;
        } else if page.offset < list.offset {
            list.offset += 1;
        }
        return;
    };
    list.offset = page.offset.saturating_sub(first as u64);
    if first == 0 {
        list.previous_cursor = page.previous_cursor;
    }
    if last + 1 == list.rows.len() {
        list.next_cursor = page.next_cursor;
    }
    list.rows.splice(first..=last, page.rows);
}

/// Removes a contact that was deleted.
pub fn remove(list: &mut ContactList, contact: ContactId) {
    let before = list.rows.len();
    list.rows.retain(|row| row.id != contact);
    list.total = list.total.saturating_sub((before - list.rows.len()) as u64);
}

/// Replaces the row of a contact, at its current index.
pub fn replace_row(list: &mut ContactList, row: ContactRow) {
    if let Some(known) = list.rows.iter_mut().find(|known| known.id == row.id) {
        *known = row;
    }
}

/// Whether the list has these rows where they are now. A change of rows that were not requested shows only in the total.
pub fn has_part(list: &ContactList, part: &ContactList) -> bool {
    let from = part.offset.wrapping_sub(list.offset) as usize;
    let known = list.rows.iter().skip(from).take(part.rows.len());
    list.total == part.total && known.eq(&part.rows)
}

pub fn position(list: &ContactList, contact: ContactId) -> Option<usize> {
    list.rows.iter().position(|row| row.id == contact)
}

/// Removes the rows that a new page has as well: their contacts have moved since they were loaded.
fn remove_rows_of(page: &[ContactRow], list: &mut ContactList) {
    let moved = |row: &ContactRow| page.iter().any(|new| new.id == row.id);
    if list.rows.iter().any(moved) {
        let rows = mem::take(&mut list.rows);
        list.rows = rows.into_iter().filter(|row| !moved(row)).collect();
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> ContactId {
        ContactId::new(Uuid::from_u128(number))
    }

    /// A part of a list of 100 contacts with numbers as names, which are in order until one moves.
    fn part(offset: u64, numbers: &[u128]) -> ContactList {
        let row = |number: &u128| ContactRow {
            id: id(*number),
            name: number.to_string(),
            detail: String::new(),
            photo: None,
            marked: None,
            heading: String::new(),
        };
        ContactList {
            rows: numbers.iter().map(row).collect(),
            offset,
            previous_cursor: (offset > 0).then(|| format!("before {offset}")),
            next_cursor: Some(format!("behind {}", offset + numbers.len() as u64)),
            total: 100,
            corrected: None,
        }
    }

    #[test]
    fn pages_join_at_both_ends() {
        let mut list = part(4, &[4, 5]);
        append(&mut list, part(6, &[6, 7]));
        prepend(&mut list, part(2, &[2, 3]));
        assert_eq!(list, part(2, &[2, 3, 4, 5, 6, 7]));
    }

    #[test]
    fn a_contact_that_moved_to_the_next_page_is_loaded_once() {
        let mut list = part(0, &[0, 1, 2]);
        append(&mut list, part(2, &[1, 3]));
        assert_eq!(list, part(0, &[0, 2, 1, 3]));
        prepend(&mut list, part(0, &[3]));
        assert_eq!(list.rows, part(0, &[3, 0, 2, 1]).rows);
    }

    #[test]
    fn a_changed_contact_moves_to_where_its_page_has_it() {
        let mut list = part(0, &[0, 1, 2, 3, 4, 5, 6, 7]);
        merge_page(&mut list, part(3, &[4, 5, 1, 6]), id(1));
        assert_eq!(list, part(0, &[0, 2, 3, 4, 5, 1, 6, 7]));
        merge_page(&mut list, part(0, &[1, 0, 2, 3]), id(1));
        assert_eq!(list, part(0, &[1, 0, 2, 3, 4, 5, 6, 7]));
    }

    #[test]
    fn a_page_beyond_the_edge_makes_the_list_longer() {
        let mut list = part(4, &[4, 5, 6, 7]);
        merge_page(&mut list, part(6, &[6, 4, 7, 8]), id(4));
        let longer = part(5, &[5, 6, 4, 7, 8]);
        assert_eq!(list.rows, longer.rows);
        assert_eq!(list.offset, 5);
        assert_eq!(list.next_cursor, longer.next_cursor);
        merge_page(&mut list, part(3, &[3, 8, 5, 6]), id(8));
        assert_eq!(list.rows, part(3, &[3, 8, 5, 6, 4, 7]).rows);
        assert_eq!(
            (list.offset, list.previous_cursor),
            (3, Some("before 3".to_owned()))
        );
        assert_eq!(list.next_cursor.as_deref(), Some("behind 10"));
    }

    #[test]
    fn a_contact_that_moved_far_away_leaves_the_other_rows() {
        let mut list = part(40, &[40, 41, 42, 43]);
        merge_page(&mut list, part(0, &[0, 41, 1]), id(41));
        assert_eq!(list.rows, part(41, &[40, 42, 43]).rows);
        assert_eq!(list.offset, 41);
        merge_page(&mut list, part(80, &[80, 42, 81]), id(42));
        assert_eq!(list.rows, part(41, &[40, 43]).rows);
        assert_eq!(list.offset, 41);
    }

    #[test]
    fn a_new_contact_far_away_replaces_the_list_by_its_page() {
        let mut list = part(0, &[0, 1, 2]);
        merge_page(&mut list, part(50, &[50, 51]), id(51));
        assert_eq!(list, part(50, &[50, 51]));
    }

    #[test]
    fn a_part_is_the_same_only_with_the_same_rows_in_the_same_place() {
        let list = part(2, &[2, 3, 4, 5]);
        assert!(has_part(&list, &list));
        assert!(has_part(&list, &part(3, &[3, 4])));
        for other in [
            part(2, &[3, 4]),
            part(3, &[4, 3]),
            part(5, &[5, 6]),
            part(1, &[2]),
        ] {
            assert!(!has_part(&list, &other), "{other:?}");
        }
        let fewer = ContactList {
            total: 99,
            ..part(3, &[3, 4])
        };
        assert!(!has_part(&list, &fewer));
    }

    #[test]
    fn a_contact_that_no_longer_matches_is_removed() {
        let mut list = part(0, &[0, 1, 2]);
        let page = ContactList {
            total: 2,
            ..part(0, &[0, 2])
        };
        merge_page(&mut list, page, id(1));
        assert_eq!(list.rows, part(0, &[0, 2]).rows);
        assert_eq!(list.total, 2);
        remove(&mut list, id(0));
        assert_eq!(list.rows, part(0, &[2]).rows);
        assert_eq!(list.total, 1);
    }
}
