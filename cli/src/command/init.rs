//! `sipher init`: makes an account and shows its recovery phrase, once.

use serde_json::json;
use sipher_client::{AddressFault, Client, NewProfile, Pace, RelayAddress};

use crate::advice::Advice;
use crate::args::{Global, InitArgs};
use crate::exit::Exit;
use crate::output::{Output, escaped_line};
use crate::{ask, place, session};

/// Makes an account.
pub(crate) fn run(args: InitArgs, global: &Global, output: Output) -> Result<Exit, Advice> {
    let profile = place::profile(global)?;
    if profile.has_account() {
        return Err(Advice::from_open(
            &sipher_client::OpenFault::AccountExists,
            &profile,
        ));
    }
    let relay = relay(args.relay)?;
    let name = match args.name {
        Some(name) => name,
        None => ask::line(
            "Name for yourself (only buddies whom you invite see it)",
            "--name NAME",
        )?,
    };
    let name = session::name(&name)?;
    output.talk("An account is a key on this machine: nobody gives it to you, and nobody can take it away.");
    let passphrase = place::new_passphrase()?;
    let new = NewProfile {
        relay: relay.clone(),
        name: name.clone(),
        pace: Pace::default(),
    };
    let phrase =
        Client::create(&profile, new, &passphrase).map_err(|fault| Advice::from_open(&fault, &profile))?;
    let words = phrase.expose_words().map_err(Advice::bug)?;

    let mut text = format!(
        "{} has an account at {}, in {}\n",
        escaped_line(name.as_str()),
        relay.host_port(),
        profile.folder().display()
    );
    // spec: phrase-2
    text.push_str("\nRecovery phrase. Write it on paper; it won't be shown again.\n");
    for (place, word) in words.split(' ').enumerate() {
        let end = if place % 4 == 3 { "\n" } else { "" };
        text = format!("{text}  {:>2} {word:<9}{end}", place + 1);
    }
    let text = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    let json = json!({
        "profile": profile.name().as_str(),
        "name": name.as_str(),
        "relay": relay.host_port(),
        "relay_key": relay.id.as_str(),
        "phrase": words.as_str(),
        "passphrase": !passphrase.is_none(),
    });
    output.result(&text, &json);
    if passphrase.is_none() {
        output.talk("No passphrase: whoever can read your files has this account.");
    }
    output.talk("Next: sipher invite");
    Ok(Exit::Done)
}

fn relay(given: Option<String>) -> Result<RelayAddress, Advice> {
    let text = match given {
        Some(text) => text,
        None => ask::line(
            "Relay address (from whoever runs yours: sipher-relay:...)",
            "--relay ADDRESS",
        )?,
    };
    RelayAddress::parse(&text).map_err(|fault: AddressFault| {
        Advice::input("this is not the address of a relay")
            .why(fault.to_string())
            .act("copy it whole from whoever runs the relay: sipher-relay:HOST[:PORT]/KEY[/TOKEN]")
    })
}
