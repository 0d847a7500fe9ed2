//! Memos of one kind.
//!
//! Leptos compiles its reactive graph once for every type of value and for every closure that reads one: a memo of a new
//! type costs some 3 KB of WASM. A [`Known`] keeps its value behind a pointer, so that all of them share one memo.

use leptos::prelude::*;
use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

/// A value that is worked out again when what it is made from changes, and tells others only if it came out different.
pub struct Known<T> {
    memo: Memo<Kept>,
    of: PhantomData<fn() -> T>,
}

/// A value of any type that can be compared with another.
#[derive(Clone)]
struct Kept {
    value: Arc<dyn Any + Send + Sync>,
    equals: fn(&dyn Any, &dyn Any) -> bool,
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        (self.equals)(&*self.value, &*other.value)
    }
}

fn equals<T: PartialEq + 'static>(a: &dyn Any, b: &dyn Any) -> bool {
    a.downcast_ref::<T>() == b.downcast_ref::<T>()
}

/// A memo, whatever works it out.
pub fn memo<T: PartialEq + Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Known<T> {
    let memo = kept(Box::new(move || Kept {
        value: Arc::new(value()),
        equals: equals::<T>,
    }));
    Known {
        memo,
        of: PhantomData,
    }
}

fn kept(value: Box<dyn Fn() -> Kept + Send + Sync>) -> Memo<Kept> {
    Memo::new(move |_| value())
}

impl<T: Send + Sync + 'static> Known<T> {
    /// Reads the value, and follows it.
    pub fn with<U>(&self, read: impl FnOnce(&T) -> U) -> U {
        read(&Self::open(self.memo.get()))
    }

    /// Reads the value without following it.
    pub fn with_untracked<U>(&self, read: impl FnOnce(&T) -> U) -> U {
        read(&Self::open(self.memo.get_untracked()))
    }

    /// A copy of the value, followed.
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// A copy of the value, not followed.
    pub fn get_untracked(&self) -> T
    where
        T: Clone,
    {
        self.with_untracked(T::clone)
    }

    /// Follows the value without reading it.
    pub fn track(&self) {
        self.memo.track();
    }

    fn open(kept: Kept) -> Arc<T> {
        match kept.value.downcast() {
            Ok(value) => value,
            // `memo` is the only place that makes one, from a value of this very type.
            Err(_) => unreachable!("a Known holds another type than it was made with"),
        }
    }
}

impl<T> Clone for Known<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Known<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_comes_out_the_same_tells_nobody() {
        Owner::new().with(|| {
            let source = RwSignal::new(1);
            let is_big = memo(move || source.get() > 10);
            let runs = StoredValue::new(0);
            let reader = memo(move || {
                runs.update_value(|runs| *runs += 1);
                if is_big.get() { "big" } else { "small" }.to_owned()
            });
            assert_eq!(reader.get_untracked(), "small");
            source.set(2);
            assert_eq!((reader.get_untracked().as_str(), runs.get_value()), ("small", 1));
            source.set(11);
            assert_eq!((reader.get_untracked().as_str(), runs.get_value()), ("big", 2));
        });
    }
}
