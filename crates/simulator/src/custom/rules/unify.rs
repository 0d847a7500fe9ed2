//! Which types fit where, and what variables stand for.

use super::types::Type;

/// What is known of the variables.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Vec<Option<Type>>);

impl Known {
    /// A variable of which nothing is known.
    pub(super) fn fresh(&mut self) -> Type {
        self.0.push(None);
        Type::Variable(self.0.len() - 1)
    }

    fn get(&self, variable: usize) -> Option<&Type> {
        self.0.get(variable)?.as_ref()
    }

    fn set(&mut self, variable: usize, of: Type) {
        if let Some(slot) = self.0.get_mut(variable) {
            *slot = Some(of);
        }
    }

    /// A type with its variables replaced, those that stay unknown by `dyn` where `open` does not leave them.
    pub(super) fn resolve(&self, of: &Type, open: bool) -> Type {
        let inner = |of: &Type| Box::new(self.resolve(of, open));
        match of {
            Type::Variable(number) => match self.get(*number) {
                Some(known) => self.resolve(&known.clone(), open),
                None if open => of.clone(),
                None => Type::Dyn,
            },
            Type::List(items) => Type::List(inner(items)),
            Type::Map(keys, values) => Type::Map(inner(keys), inner(values)),
            Type::Optional(of) => Type::Optional(inner(of)),
            Type::Kind(of) => Type::Kind(inner(of)),
            other => other.clone(),
        }
    }

    /// Whether types fit, each to each. What it takes to make them fit is kept if they do.
    pub(super) fn fit(&mut self, pairs: &[(&Type, &Type)]) -> bool {
        let mut tried = self.clone();
        let fits = pairs.iter().all(|(one, other)| tried.fits(one, other));
        if fits {
            *self = tried;
        }
        fits
    }

    fn fits(&mut self, one: &Type, other: &Type) -> bool {
        if let Type::Variable(number) = other {
            match self.bind(*number, other, one) {
                Bound::Fits => return true,
                Bound::Taken => return false,
                Bound::Circular => {}
            }
        }
        if let Type::Variable(number) = one {
            return matches!(self.bind(*number, one, other), Bound::Fits);
        }
        match (one, other) {
            (Type::Dyn | Type::Wrong, _) | (_, Type::Dyn | Type::Wrong) => true,
            (Type::Null, other) | (other, Type::Null) => may_be_null(other),
            (Type::List(one), Type::List(other)) | (Type::Optional(one), Type::Optional(other)) => {
                self.fits(one, other)
            }
            (Type::Map(keys, values), Type::Map(other_keys, other_values)) => {
                self.fits(keys, other_keys) && self.fits(values, other_values)
            }
            (Type::Kind(_), Type::Kind(_)) => true,
            (one, other) => one == other,
        }
    }

    /// Lets a variable stand for a type as well.
    fn bind(&mut self, number: usize, variable: &Type, of: &Type) -> Bound {
        if variable == of {
            return Bound::Fits;
        }
        if let Some(known) = self.get(number).cloned() {
            if known == *of {
                return Bound::Fits;
            }
            if !self.fits(of, &known) {
                return Bound::Taken;
            }
            let wider = general(of, &known);
            if !self.occurs(number, &wider) {
                self.set(number, wider);
            }
            return Bound::Fits;
        }
        if self.occurs(number, of) {
            return Bound::Circular;
        }
        self.set(number, of.clone());
        Bound::Fits
    }

    fn occurs(&self, number: usize, of: &Type) -> bool {
        match of {
            Type::Variable(other) => {
                *other == number || self.get(*other).is_some_and(|known| self.occurs(number, known))
            }
            Type::List(inner) | Type::Optional(inner) | Type::Kind(inner) => self.occurs(number, inner),
            Type::Map(keys, values) => self.occurs(number, keys) || self.occurs(number, values),
            _ => false,
        }
    }
}

enum Bound {
    Fits,
    /// It stands for something else.
    Taken,
    Circular,
}

fn may_be_null(of: &Type) -> bool {
    matches!(
        of,
        Type::Null | Type::Object(_) | Type::Opaque(_) | Type::Optional(_) | Type::Time
    )
}

/// The more general of two types that fit.
pub(super) fn general(one: &Type, other: &Type) -> Type {
    if is_wider(one, other) { one } else { other }.clone()
}

fn is_wider(one: &Type, other: &Type) -> bool {
    match (one, other) {
        (Type::Dyn | Type::Wrong | Type::Variable(_), _) => true,
        (_, Type::Dyn | Type::Wrong | Type::Variable(_)) => false,
        (Type::List(one), Type::List(other)) | (Type::Optional(one), Type::Optional(other)) => {
            is_wider(one, other)
        }
        (Type::Map(keys, values), Type::Map(other_keys, other_values)) => {
            is_wider(keys, other_keys) && is_wider(values, other_values)
        }
        (Type::Kind(_), Type::Kind(_)) => true,
        (one, other) => one == other,
    }
}
