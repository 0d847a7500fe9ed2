//! Dark, light, or what the system says; remembered in a cookie, so that the first byte already has it.

/// The name of the cookie that remembers the choice. Its value is [`Theme::word`].
pub const COOKIE: &str = "kubilitics_theme";

/// Which of the two looks a page has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// What the system prefers.
    #[default]
    System,
    /// Ink on graphite.
    Dark,
    /// Ink on paper.
    Light,
}

impl Theme {
    /// All choices, in the order the toggle goes through them.
    pub const ALL: [Theme; 3] = [Theme::System, Theme::Dark, Theme::Light];

    /// The choice's word: the cookie's value and the `data-theme` attribute.
    pub const fn word(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Dark => "dark",
            Theme::Light => "light",
        }
    }

    /// The theme that a `Cookie` header asks for; [`Theme::System`] if it asks for none.
    pub fn from_cookies(header: &str) -> Self {
        header
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == COOKIE)
            .and_then(|(_, value)| Self::ALL.into_iter().find(|theme| theme.word() == value))
            .unwrap_or_default()
    }

    /// The choice after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Theme::System => Theme::Dark,
            Theme::Dark => Theme::Light,
            Theme::Light => Theme::System,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        assert_eq!(
            Theme::from_cookies("a=b; kubilitics_theme=light; c=d"),
            Theme::Light
        );
        assert_eq!(Theme::from_cookies("kubilitics_theme=pink"), Theme::System);
        assert_eq!(Theme::from_cookies(""), Theme::System);
    }

    #[test]
    fn the_toggle_goes_round() {
        assert_eq!(
            Theme::ALL.map(Theme::next).map(Theme::next).map(Theme::next),
            Theme::ALL
        );
    }
}
