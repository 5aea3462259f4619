//! An array that is cheap to clone, to compare and to join with a copy of
//! itself of which little changed: states of a program differ from each other
//! in a few variables and objects.

use std::rc::Rc;

/// So many entries are copied when one of them changes.
const PAGE: usize = 16;

/// The entries of one page.
type Page<T> = Rc<[Option<Rc<T>>; PAGE]>;

/// An array of shared entries; those that were never set are none.
#[derive(Debug)]
pub(crate) struct Pages<T> {
    pages: Rc<Vec<Page<T>>>,
}

impl<T> Clone for Pages<T> {
    fn clone(&self) -> Self {
        Self {
            pages: Rc::clone(&self.pages),
        }
    }
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self {
            pages: Rc::default(),
        }
    }
}

impl<T> Pages<T> {
    /// Returns an array of so many entries that are all the same.
    pub(crate) fn filled(count: usize, entry: T) -> Self {
        let entry = Rc::new(entry);
        let page: Page<T> = Rc::new(std::array::from_fn(|_| Some(Rc::clone(&entry))));
        Self {
            pages: Rc::new(vec![page; count.div_ceil(PAGE)]),
        }
    }

    /// Returns how many entries there is room for.
    pub(crate) fn capacity(&self) -> usize {
        self.pages.len() * PAGE
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Rc<T>> {
        self.pages.get(at / PAGE)?[at % PAGE].as_ref()
    }

    /// Sets an entry, growing as needed.
    pub(crate) fn set(&mut self, at: usize, entry: Rc<T>) {
        let pages = Rc::make_mut(&mut self.pages);
        if pages.len() <= at / PAGE {
            let empty: Page<T> = Rc::new(std::array::from_fn(|_| None));
            pages.resize(at / PAGE + 1, empty);
        }
        Rc::make_mut(&mut pages[at / PAGE])[at % PAGE] = Some(entry);
    }

    /// Returns whether both are the same array.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.pages, &other.pages)
    }

    /// Returns the places of the entries of `other` that are not the very same
    /// ones here.
    pub(crate) fn places_that_differ<'p>(
        &'p self,
        other: &'p Self,
    ) -> impl Iterator<Item = usize> + use<'p, T> {
        let both_same = self.is_same(other);
        let pages = other.pages.iter().enumerate().filter(move |(at, theirs)| {
            !both_same
                && !self
                    .pages
                    .get(*at)
                    .is_some_and(|own| Rc::ptr_eq(own, theirs))
        });
        pages.flat_map(move |(at, theirs)| {
            let own = self.pages.get(at);
            (0..PAGE)
                .filter(move |place| {
                    match (own.and_then(|own| own[*place].as_ref()), &theirs[*place]) {
                        (_, None) => false,
                        (None, Some(_)) => true,
                        (Some(own), Some(theirs)) => !Rc::ptr_eq(own, theirs),
                    }
                })
                .map(move |place| at * PAGE + place)
        })
    }
}

impl<T: Clone> Pages<T> {
    /// Returns an entry to be changed.
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.get(at)?;
        let pages = Rc::make_mut(&mut self.pages);
        let page = Rc::make_mut(pages.get_mut(at / PAGE)?);
        page[at % PAGE].as_mut().map(Rc::make_mut)
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::Pages;

    #[test]
    fn a_copy_differs_where_it_was_changed() {
        let first = Pages::filled(40, 0);
        let mut second = first.clone();
        assert_eq!(first.places_that_differ(&second).count(), 0);
        second.set(3, Rc::new(1));
        second.set(77, Rc::new(2));
        if let Some(entry) = second.get_mut(20) {
            *entry = 5;
        }
        let places: Vec<usize> = first.places_that_differ(&second).collect();
        assert_eq!(places, [3, 20, 77]);
        assert_eq!(first.get(3).map(|entry| **entry), Some(0));
        assert_eq!(second.get(20).map(|entry| **entry), Some(5));
        assert!(first.get(77).is_none() && second.get(76).is_none());
    }
}
