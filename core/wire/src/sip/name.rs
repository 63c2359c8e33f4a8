//! The header names that mean something here, with their compact forms. RFC 3261 §7.3.3, §20.
//!
//! Others are kept as [`Name::Other`] with their octets in the head.

macro_rules! names {
    ($($variant:ident $long:literal $(, $compact:literal)?;)*) => {
        /// A header's name.
        #[expect(missing_docs, reason = "each variant is the name it stands for")]
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Name {
            $($variant,)*
            Other,
        }

        impl Name {
            /// All names but [`Name::Other`].
            pub const KNOWN: &[Self] = &[$(Self::$variant,)*];

            /// The long form; empty for [`Name::Other`].
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $long,)*
                    Self::Other => "",
                }
            }

            /// The name of these octets, long or compact, in any case.
            pub fn parse(text: &[u8]) -> Self {
                if let &[letter] = text {
                    return match letter.to_ascii_lowercase() {
                        $($($compact => Self::$variant,)?)*
                        _ => Self::Other,
                    };
                }
                $(if text.eq_ignore_ascii_case($long.as_bytes()) {
                    return Self::$variant;
                })*
                Self::Other
            }
        }
    };
}

names! {
    Via "Via", b'v';
    MaxForwards "Max-Forwards";
    From "From", b'f';
    To "To", b't';
    CallId "Call-ID", b'i';
    CSeq "CSeq";
    Authorization "Authorization";
    Contact "Contact", b'm';
    ContentLength "Content-Length", b'l';
    ContentType "Content-Type", b'c';
    ContentEncoding "Content-Encoding", b'e';
    Event "Event", b'o';
    Expires "Expires";
    SubscriptionState "Subscription-State";
    SipEtag "SIP-ETag";
    SipIfMatch "SIP-If-Match";
    SuppressIfMatch "Suppress-If-Match";
    Supported "Supported", b'k';
    Require "Require";
    ProxyRequire "Proxy-Require";
    Unsupported "Unsupported";
    Accept "Accept";
    AcceptEncoding "Accept-Encoding";
    Allow "Allow";
    AllowEvents "Allow-Events", b'u';
    MinExpires "Min-Expires";
    RetryAfter "Retry-After";
    FlowTimer "Flow-Timer";
    WwwAuthenticate "WWW-Authenticate";
    Route "Route";
    RecordRoute "Record-Route";
    Subject "Subject", b's';
}

impl Name {
    /// Whether a second field of this name makes a message ambiguous, hence malformed (`spec/sip-checklist.md` F11).
    /// `Content-Length` has a rule of its own (F2); lists and credentials may repeat.
    pub(crate) const fn is_unique(self) -> bool {
        matches!(
            self,
            Self::MaxForwards
                | Self::From
                | Self::To
                | Self::CallId
                | Self::CSeq
                | Self::ContentType
                | Self::Event
                | Self::Expires
                | Self::SubscriptionState
                | Self::SipEtag
                | Self::SipIfMatch
                | Self::SuppressIfMatch
                | Self::MinExpires
                | Self::RetryAfter
                | Self::FlowTimer
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f6_compact_names_equal_the_long_ones() {
        let pairs = [
            (b"v", Name::Via),
            (b"f", Name::From),
            (b"t", Name::To),
            (b"i", Name::CallId),
            (b"m", Name::Contact),
            (b"l", Name::ContentLength),
            (b"c", Name::ContentType),
            (b"e", Name::ContentEncoding),
            (b"s", Name::Subject),
            (b"k", Name::Supported),
            (b"o", Name::Event),
            (b"u", Name::AllowEvents),
        ];
        for (compact, name) in pairs {
            assert_eq!(Name::parse(compact), name);
            assert_eq!(Name::parse(&compact.to_ascii_uppercase()), name);
        }
        assert_eq!(Name::parse(b"x"), Name::Other);
    }

    #[test]
    fn f4_names_are_read_in_any_case() {
        for &name in Name::KNOWN {
            assert_eq!(Name::parse(name.as_str().to_ascii_uppercase().as_bytes()), name);
            assert_eq!(Name::parse(name.as_str().to_ascii_lowercase().as_bytes()), name);
        }
        assert_eq!(Name::parse(b"X-Unknown"), Name::Other);
        assert_eq!(Name::parse(b""), Name::Other);
    }
}
