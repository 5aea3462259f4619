//! Closed sets of words that stand in columns.

/// Declares an enum whose variants are kept as words.
macro_rules! words {
    (
        $(#[doc = $what:literal])+
        $name:ident as $column:literal {
            $($(#[doc = $about:literal])+ $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[doc = $what])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[doc = $about])+ $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the word that is kept.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Reads the word that is kept.
            pub fn parse(word: &str) -> Result<Self, $crate::Error> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    other => Err($crate::Error::corrupt($column, format!("`{other}`"))),
                }
            }
        }

        impl From<$name> for $crate::value::Value {
            fn from(value: $name) -> Self {
                value.name().into()
            }
        }

        impl From<Option<$name>> for $crate::value::Value {
            fn from(value: Option<$name>) -> Self {
                value.map($name::name).into()
            }
        }
    };
}
pub(crate) use words;
