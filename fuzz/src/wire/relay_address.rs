//! Promise: an address that a person typed is written back to the same address, in both forms.
//! Spec: `spec/wire.md`, addresses.

use sipher_wire::limits::ADDRESS_OCTETS;
use sipher_wire::{BoxId, Host, OpeningToken, RelayAddress, RelayId};

/// What a person typed.
pub(crate) fn target(data: &[u8]) {
    if let Some(host) = Host::parse(data) {
        assert!(Host::is_valid(data));
        assert_eq!(Host::parse(host.to_string().as_bytes()), Some(host.clone()));
        assert!(host.is(data));
    }
    if let Some(id) = BoxId::parse(data) {
        assert_eq!(id.as_str().as_bytes(), data);
    }
    if let Some(id) = RelayId::parse(data) {
        assert_eq!(RelayId::parse(id.to_string().as_bytes()), Some(id));
    }
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    if let Some(token) = OpeningToken::parse(text) {
        assert_eq!(OpeningToken::parse(token.expose_text()), Some(token));
    }
    if let Ok(address) = RelayAddress::parse(text) {
        let plain = address.expose_text();
        assert!(plain.len() <= ADDRESS_OCTETS + ":65535".len());
        assert_eq!(RelayAddress::parse(&plain), Ok(address.clone()));
        assert_eq!(
            RelayAddress::parse(&address.expose_qr_text()),
            Ok(address.clone())
        );
        assert_eq!(
            RelayAddress::parse(&address.without_token().expose_text()),
            Ok(address.without_token())
        );
    }
}
