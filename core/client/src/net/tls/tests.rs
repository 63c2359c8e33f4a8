use std::future::Future;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    PKCS_ED25519,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A relay's long-lived identity: the authority that signs its certificates.
struct Identity(CertifiedIssuer<'static, KeyPair>);

impl Identity {
    fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    fn id(&self) -> RelayId {
        RelayId::of(self.0.key().public_key_raw().try_into().unwrap())
    }

    fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// A leaf for `name`, valid from and until these years.
    fn leaf(&self, name: &str, from: i32, until: i32) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let leaf = params.signed_by(&key, &self.0).unwrap();
        (
            leaf.der().clone(),
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
    }

    fn chain(&self, name: &str, from: i32, until: i32) -> Served {
        let (leaf, key) = self.leaf(name, from, until);
        Served {
            chain: vec![leaf, self.certificate()],
            key,
        }
    }
}

struct Served {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Dials a server that serves `served` once; says what the client saw and the binding of the server's side.
fn dial_once(served: Served, pin: RelayId) -> (Result<[u8; 32], NetFault>, Option<[u8; 32]>) {
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(served.chain, served.key)
        .unwrap();
    run(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = relay_at(listener.local_addr().unwrap().port(), pin);
        let server = async {
            let (tcp, _) = listener.accept().await.unwrap();
            let mut stream = TlsAcceptor::from(Arc::new(config)).accept(tcp).await.ok()?;
            assert_eq!(
                stream.get_ref().1.server_name(),
                Some(RELAY_NAME),
                "no host name leaves in the clear"
            );
            let binding = stream
                .get_ref()
                .1
                .export_keying_material([0; 32], BINDING_LABEL, None)
                .unwrap();
            stream.write_all(b"hello").await.ok()?;
            stream.shutdown().await.ok()?;
            Some(binding)
        };
        let client = async {
            let mut dialed = dial(&address).await?;
            let mut greeting = Vec::new();
            dialed.stream.read_to_end(&mut greeting).await.unwrap();
            assert_eq!(greeting, b"hello");
            Ok(dialed.binding)
        };
        tokio::join!(client, server)
    })
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn relay_at(port: u16, pin: RelayId) -> RelayAddress {
    RelayAddress::parse(&format!("sipher-relay:127.0.0.1:{port}/{pin}")).unwrap()
}

// spec: tls-6
// spec: tls-4
// spec: tls-1
#[test]
fn the_pinned_relay_is_accepted_and_both_sides_share_a_binding() {
    let identity = Identity::new();

    let (client, server) = dial_once(identity.chain(RELAY_NAME, 2000, 4000), identity.id());

    assert_eq!(client.unwrap(), server.unwrap());
}

// spec: client-1
// spec: tls-2
#[test]
fn another_relay_is_refused_and_named() {
    let (expected, other) = (Identity::new(), Identity::new());

    let (client, server) = dial_once(other.chain(RELAY_NAME, 2000, 4000), expected.id());

    assert_eq!(
        client,
        Err(NetFault::WrongKey {
            expected: expected.id(),
            shown: other.id()
        })
    );
    assert_eq!(server, None);
}

// spec: tls-3
#[test]
fn a_leaf_that_another_key_signed_is_refused_beside_the_right_identity() {
    let (pinned, other) = (Identity::new(), Identity::new());
    let (leaf, key) = other.leaf(RELAY_NAME, 2000, 4000);

    let (client, _) = dial_once(
        Served {
            chain: vec![leaf, pinned.certificate()],
            key,
        },
        pinned.id(),
    );

    assert_eq!(client, Err(NetFault::Tls));
}

#[test]
fn a_certificate_of_another_time_is_refused_as_such() {
    let identity = Identity::new();
    for (from, until) in [(2000, 2001), (3999, 4000)] {
        let (client, _) = dial_once(identity.chain(RELAY_NAME, from, until), identity.id());
        assert_eq!(client, Err(NetFault::CertificateTime));
    }
}

#[test]
fn a_chain_without_the_identity_or_with_more_is_refused() {
    let identity = Identity::new();
    let (leaf, key) = identity.leaf(RELAY_NAME, 2000, 4000);
    let (alone, _) = dial_once(
        Served {
            chain: vec![leaf.clone()],
            key: key.clone_key(),
        },
        identity.id(),
    );
    let longer = vec![leaf, identity.certificate(), identity.certificate()];
    let (more, _) = dial_once(Served { chain: longer, key }, identity.id());

    assert_eq!(alone, Err(NetFault::Tls));
    assert_eq!(more, Err(NetFault::Tls));
}

#[test]
fn a_leaf_for_another_purpose_is_refused() {
    let identity = Identity::new();

    let (client, _) = dial_once(identity.chain("relay.example.org", 2000, 4000), identity.id());

    assert_eq!(client, Err(NetFault::Tls));
}

#[test]
fn each_way_to_be_away_has_its_own_name() {
    let id = Identity::new().id();
    let closed = run(async {
        TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
    });
    assert_eq!(run(dial(&relay_at(closed, id))).unwrap_err(), NetFault::Refused);

    let nowhere = RelayAddress::parse(&format!("sipher-relay:no-such-host.invalid/{id}")).unwrap();
    assert_eq!(run(dial(&nowhere)).unwrap_err(), NetFault::NameNotFound);
}

#[test]
fn what_is_no_relay_is_told_apart_from_a_relay_that_is_away() {
    let id = Identity::new().id();
    let fault = run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = relay_at(listener.local_addr().unwrap().port(), id);
        let server = async {
            let (mut tcp, _) = listener.accept().await.unwrap();
            tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        };
        tokio::join!(dial(&address), server).0.unwrap_err()
    });
    assert_eq!(fault, NetFault::Tls);
}
