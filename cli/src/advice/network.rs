//! Advice for what can be in the way at a relay.

use sipher_client::{Client, Fault, NetFault, Trouble, TroubleCause};

use super::Advice;
use crate::exit::Exit;

impl Advice {
    /// What is in the way at a relay, with all that the last connection to it told.
    pub(crate) fn from_trouble(trouble: &Trouble, client: &Client) -> Self {
        Self::at_relay(trouble, client.relay_fault(&trouble.relay).as_ref())
    }

    fn at_relay(trouble: &Trouble, seen: Option<&NetFault>) -> Self {
        let relay = &trouble.relay;
        match &trouble.cause {
            TroubleCause::Connection(fault) => connection(relay, *fault, seen),
            TroubleCause::MayNotOpen => Self::new(
                Exit::Refused,
                format!("the relay {relay} doesn't accept this account"),
            )
            .why("it opens boxes only for those who have its token")
            .act("ask whoever runs it for its address with a token, and make an account with that address"),
            TroubleCause::NotAccepted => {
                Self::new(Exit::Refused, "your buddy takes no more messages from you")
                    .why("the right to write to this buddy has ended")
                    .act("ask for it another way; nothing that was stored before is lost")
            }
            TroubleCause::Allowance => Self::new(
                Exit::Network,
                format!("the relay {relay} takes no more for this buddy now"),
            )
            .why("your buddy set how many messages may come in a while, and they did")
            .act("wait; what you wrote is kept and any later command sends it"),
            TroubleCause::Busy => Self::new(
                Exit::Network,
                format!("the relay {relay} is overloaded or has a fault"),
            )
            .why("nothing is lost: what you wrote is kept")
            .act("try again in a minute; any later command carries it on"),
            other => Self::new(
                Exit::Network,
                format!("something is in the way at the relay {relay}"),
            )
            .why(other.to_string())
            .act("try again later; nothing is lost"),
        }
    }
}

fn connection(relay: &str, fault: Fault, seen: Option<&NetFault>) -> Advice {
    let network = |what: String| Advice::new(Exit::Network, what);
    match fault {
        Fault::NameNotFound => network(format!("the relay {relay} was not found"))
            .why("its host name has no address")
            .act("check your network, and the relay's address with whoever runs it"),
        Fault::Refused => network(format!("the relay {relay} can't be reached"))
            .why("the machine is there, but nothing accepts connections on this port: the relay is not running")
            .act("try again later, or ask whoever runs it; nothing is lost"),
        Fault::Unreachable => network(format!("the relay {relay} can't be reached"))
            .why("the network has no way to it")
            .act("check your network and try again; nothing is lost"),
        Fault::TimedOut => network(format!("the relay {relay} doesn't answer"))
            .why("nothing came back in time")
            .act("check your network and try again; nothing is lost"),
        Fault::WrongKey => wrong_key(relay, seen),
        Fault::Tls => Advice::new(Exit::Refused, format!("what answers at {relay} is not the relay"))
            .why("it doesn't prove to hold the key that the relay's address names")
            .act("don't go on over this network; try another one, or ask whoever runs the relay"),
        Fault::CertificateTime => Advice::new(Exit::Refused, format!("the relay {relay} shows a certificate of another time"))
            .why("either this machine's clock is wrong, or the relay was not restarted for months")
            .act("check the clock of this machine first: date"),
        Fault::Nonsense => network(format!("the relay {relay} answers in a way that no relay should"))
            .why("it may run another version")
            .act("ask whoever runs it"),
        _ => network(format!("the connection to the relay {relay} ended"))
            .why("it was there and broke off")
            .act("try again; nothing is lost"),
    }
}

fn wrong_key(relay: &str, seen: Option<&NetFault>) -> Advice {
    let advice = Advice::new(
        Exit::Refused,
        format!("the relay {relay} has another key than its address says"),
    );
    let advice = match seen {
        Some(NetFault::WrongKey { expected, shown }) => advice.why(format!(
            "expected {}..., shown {}...",
            short(expected.as_str()),
            short(shown.as_str())
        )),
        _ => advice,
    };
    advice
        .why("somebody may stand between you and the relay, or it was set up anew; nothing was sent")
        .act("ask whoever runs the relay, over another way, which key it has")
}

/// Enough of a key's id to compare by eye.
fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or(id)
}

/// Characters: 40 bits, which nobody hits by chance.
const SHORT: usize = 8;

#[cfg(test)]
mod tests {
    use sipher_client::RelayId;

    use super::*;

    fn advice(cause: TroubleCause, seen: Option<&NetFault>) -> Advice {
        Advice::at_relay(
            &Trouble {
                relay: "r.example.org".to_owned(),
                cause,
            },
            seen,
        )
    }

    #[test]
    fn a_false_relay_is_shown_with_both_keys() {
        let seen = NetFault::WrongKey {
            expected: RelayId::of(&[1; 32]),
            shown: RelayId::of(&[2; 32]),
        };
        let text = advice(Fault::WrongKey.into(), Some(&seen)).to_string();

        assert!(text.contains(short(RelayId::of(&[1; 32]).as_str())), "{text}");
        assert!(text.contains(short(RelayId::of(&[2; 32]).as_str())), "{text}");
    }

    #[test]
    fn every_trouble_says_what_to_do() {
        let connections = [
            Fault::NameNotFound,
            Fault::Refused,
            Fault::Unreachable,
            Fault::TimedOut,
            Fault::Tls,
            Fault::CertificateTime,
            Fault::WrongKey,
            Fault::Closed,
            Fault::Nonsense,
        ];
        let others = [
            TroubleCause::MayNotOpen,
            TroubleCause::NotAccepted,
            TroubleCause::Allowance,
            TroubleCause::Busy,
        ];
        for cause in connections
            .into_iter()
            .map(TroubleCause::Connection)
            .chain(others)
        {
            let advice = advice(cause, None);
            assert!(advice.to_string().contains("\n  do:   "), "{cause:?}");
            assert_ne!(advice.exit(), Exit::Done);
        }
    }
}
