//! An array that is cheap to clone, to compare and to join with a copy of
//! itself of which little changed: states of a program differ from each other
//! in a few variables and objects.

use std::rc::Rc;

/// So many entries are copied when one of them changes.
const PAGE: usize = 16;

/// An entry of which a clone is the very same one.
pub(crate) trait Shared: Clone {
    /// Returns whether both are the very same one.
    fn is_same(&self, other: &Self) -> bool;
}

impl<T> Shared for Rc<T> {
    fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(self, other)
    }
}

/// The entries of one page.
type Page<T> = Rc<[Option<T>; PAGE]>;

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

impl<T: Shared> Pages<T> {
    /// Returns an array of so many entries that are all the same.
    pub(crate) fn filled(count: usize, entry: T) -> Self {
        let page: Page<T> = Rc::new(std::array::from_fn(|_| Some(entry.clone())));
        Self {
            pages: Rc::new(vec![page; count.div_ceil(PAGE)]),
        }
    }

    /// Returns how many entries there is room for.
    pub(crate) fn capacity(&self) -> usize {
        self.pages.len() * PAGE
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.pages.get(at / PAGE)?[at % PAGE].as_ref()
    }

    /// Sets an entry, growing as needed.
    pub(crate) fn set(&mut self, at: usize, entry: T) {
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
    pub(crate) fn places_that_differ<'p>(&'p self, other: &'p Self) -> Differing<'p, T> {
        Differing {
            own: &self.pages,
            other: match self.is_same(other) {
                true => &[],
                false => &other.pages,
            },
            page: 0,
            entry: 0,
        }
    }

    /// Returns an entry to be changed.
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.get(at)?;
        let pages = Rc::make_mut(&mut self.pages);
        let page = Rc::make_mut(pages.get_mut(at / PAGE)?);
        page[at % PAGE].as_mut()
    }
}

/// The places at which an array differs from another.
pub(crate) struct Differing<'p, T> {
    own: &'p [Page<T>],
    other: &'p [Page<T>],
    /// The next place.
    page: usize,
    entry: usize,
}

impl<T: Shared> Iterator for Differing<'_, T> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            let theirs = self.other.get(self.page)?;
            let own = self.own.get(self.page);
            if !own.is_some_and(|own| Rc::ptr_eq(own, theirs)) {
                while self.entry < PAGE {
                    let entry = self.entry;
                    self.entry += 1;
                    let differs = match (own.and_then(|own| own[entry].as_ref()), &theirs[entry]) {
                        (_, None) => false,
                        (None, Some(_)) => true,
                        (Some(own), Some(theirs)) => !own.is_same(theirs),
                    };
                    if differs {
                        return Some(self.page * PAGE + entry);
                    }
                }
            }
            self.page += 1;
            self.entry = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::Pages;

    #[test]
    fn a_copy_differs_where_it_was_changed() {
        let first = Pages::filled(40, Rc::new(0));
        let mut second = first.clone();
        assert_eq!(first.places_that_differ(&second).count(), 0);
        second.set(3, Rc::new(1));
        second.set(77, Rc::new(2));
        if let Some(entry) = second.get_mut(20) {
            *entry = Rc::new(5);
        }
        let places: Vec<usize> = first.places_that_differ(&second).collect();
        assert_eq!(places, [3, 20, 77]);
        assert_eq!(first.get(3).map(|entry| **entry), Some(0));
        assert_eq!(second.get(20).map(|entry| **entry), Some(5));
        assert!(first.get(77).is_none() && second.get(76).is_none());
    }
}
