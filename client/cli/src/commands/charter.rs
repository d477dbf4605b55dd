//! `tessera charter`: who decides. Admins, coordinators, relays and thresholds change when more than half of the admins
//! signed, by whatever road the signatures come.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tessera_driver::session::Session;
use tessera_engine::proposals::Proposed;
use tessera_protocol::charter::{Change, Link, Roles, Threshold};
use tessera_protocol::ids::{LinkId, MemberId};

use super::member::{parse_roles, roles_of};
use super::programme::{hex, public_key, relay, text};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::names::{Find as _, Names};
use crate::output::{Answer, print};

/// Arguments of `charter`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show who decides, and what is proposed
    Show,
    /// Propose a change, signing it; with one admin it counts at once
    Propose(Propose),
    /// Sign what another admin proposed
    Sign {
        /// The proposal's id, or its beginning
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Debug, Args)]
struct Propose {
    /// Give a member roles: M=admin, M=coordinator, M=admin,coordinator
    #[arg(long, value_name = "M=ROLES")]
    add: Vec<String>,
    /// Take roles from a member for ever; the person stays a member
    #[arg(long, value_name = "M=ROLES")]
    drop: Vec<String>,
    /// Add a relay's key
    #[arg(long, value_name = "HEX")]
    add_relay_key: Vec<String>,
    /// The address of the relay whose key is added
    #[arg(long, value_name = "URL", requires = "add_relay_key")]
    relay: Option<String>,
    /// Add the key of a relay to come, kept on paper
    #[arg(long, value_name = "HEX")]
    spare_relay_key: Vec<String>,
    /// Take a relay's key out for ever
    #[arg(long, value_name = "HEX")]
    drop_relay_key: Vec<String>,
    /// How many admins must agree to a removal
    #[arg(long, value_name = "N")]
    removal_threshold: Option<u16>,
    /// Let a member sign the final list
    #[arg(long, value_name = "M")]
    add_signer: Vec<String>,
    /// End a member's signing of the final list
    #[arg(long, value_name = "M")]
    drop_signer: Vec<String>,
}

/// Runs `charter`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::Show => show(context),
        What::Propose(propose) => self::propose(propose, context),
        What::Sign { id } => sign(id, context),
    }
}

fn show(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let names = Names::of(&mut session)?;
    let links = session.engine().links();
    let charter = session.engine().permission().charter.clone();
    let powers = &charter.powers;
    let people = |members: Vec<MemberId>| -> Vec<Value> {
        let shown = members.into_iter();
        shown.map(|member| json!({ "member": member.to_string(), "name": names.name(member) })).collect()
    };
    let addresses = session.together(|acts| acts.relays())?;
    let relays: Vec<Value> = powers
        .relays
        .iter()
        .map(|(key, spare)| {
            let address = addresses.iter().find(|relay| relay.key == *key).map(|relay| relay.url.to_string());
            json!({ "key": hex(&key.to_bytes()), "spare": spare, "address": address })
        })
        .collect();
    let rows: Vec<Value> = links
        .iter()
        .filter_map(|link| Some((link, charter.pending.get(&link.id())?)))
        .map(|(link, pending)| {
            json!({
                "id": link.id().to_string(),
                "changes": link.changes.iter().map(|change| words(change, &names)).collect::<Vec<_>>(),
                "signed": people(pending.signed.iter().copied().collect()),
                "needed": pending.needed,
                "signed_by_me": pending.signed.contains(&session.engine().member()),
            })
        })
        .collect();
    let answer = Answer::new("charter-show", rows)
        .with("admins", people(powers.admins().collect()))
        .with("coordinators", people(powers.coordinators().collect()))
        .with("signers", people(powers.signers.iter().copied().collect()))
        .with("relays", relays.clone())
        .with("removal_threshold", powers.removal_threshold())
        .with("majority", powers.majority())
        .with("frozen", charter.frozen);
    answer.show_as(context, |answer| {
        let called = |members: Vec<MemberId>| {
            members.into_iter().map(|member| names.name(member)).collect::<Vec<_>>().join(", ")
        };
        let mut said = vec![
            format!(
                "admins             {} (changes need {})",
                called(powers.admins().collect()),
                powers.majority()
            ),
            format!("coordinators       {}", called(powers.coordinators().collect())),
            format!("sign a final list  {}", called(powers.signers.iter().copied().collect())),
            format!("a removal needs    {} admin(s)", powers.removal_threshold()),
        ];
        for relay in &relays {
            let what = if relay["spare"] == true { "spare relay key" } else { "relay key" };
            let at = relay["address"].as_str().map(|address| format!(" at {address}")).unwrap_or_default();
            said.push(format!("{what:<18} {}{at}", text(&relay["key"])));
        }
        if charter.frozen {
            said.push(
                "FROZEN: two lines of the charter contradict each other, or no admin is left".to_owned(),
            );
        }
        for row in answer.rows() {
            said.push(format!(
                "proposed {}      {}; signed by {} of {}",
                &text(&row["id"])[..8],
                text(&row["changes"]),
                row["signed"].as_array().map_or(0, Vec::len),
                text(&row["needed"]),
            ));
        }
        print(&format!("{}\n", said.join("\n")))
    })
}

fn propose(propose: &Propose, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let names = Names::of(&mut session)?;
    let changes = propose.changes(&mut session, &names)?;
    if changes.is_empty() {
        return Err(Failure::new(Exit::Usage, "usage", "nothing is proposed")
            .hint("--add M=admin, --spare-relay-key HEX and others say what; see --help"));
    }
    let shown: Vec<String> = changes.iter().map(|change| words(change, &names)).collect();
    let proposed = session.together(|acts| acts.propose(changes))?;
    if let (Some(url), Some(key)) = (&propose.relay, propose.add_relay_key.first()) {
        let relay = relay(url, key)?;
        if !session.together(|acts| acts.set_relay(relay))? {
            context.hint(&format!(
                "members hear of the address from a coordinator: `tessera sync --relay {url} --relay-key {key}` in a coordinator's home"
            ));
        }
    }
    tell("charter-propose", proposed, &shown, context)
}

impl Propose {
    fn changes(&self, session: &mut Session, names: &Names) -> Result<Vec<Change>, Failure> {
        let mut changes = Vec::new();
        for given in &self.drop {
            let (member, roles) = member_and_roles(given, names)?;
            changes.push(session.together(|acts| acts.taking(member, roles))?);
        }
        for given in &self.add {
            let (member, roles) = member_and_roles(given, names)?;
            changes.push(session.together(|acts| acts.giving(member, roles))?);
        }
        let keys = self.add_relay_key.iter().map(|key| (key, false));
        for (key, spare) in keys.chain(self.spare_relay_key.iter().map(|key| (key, true))) {
            let key = public_key(key)?;
            changes.push(session.together(|acts| acts.naming_relay(key, spare))?);
        }
        for key in &self.drop_relay_key {
            let key = public_key(key)?;
            changes.push(session.together(|acts| acts.dropping_relay(key))?);
        }
        if let Some(count) = self.removal_threshold {
            let more = changes.iter().filter(|change| match change {
                Change::Add { roles, .. } => roles.admin,
                _ => false,
            });
            let more = more.count();
            changes.push(session.together(|acts| acts.removal_needing(count, more))?);
        }
        for member in &self.add_signer {
            changes.push(Change::AddSigner { member: names.find(member)? });
        }
        for member in &self.drop_signer {
            changes.push(Change::DropSigner { member: names.find(member)? });
        }
        Ok(changes)
    }
}

fn sign(id: &str, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let names = Names::of(&mut session)?;
    let digits = id.trim().to_ascii_lowercase();
    let charter = &session.engine().permission().charter;
    let open: Vec<LinkId> = charter.pending.keys().copied().collect();
    let found: Vec<LinkId> =
        open.into_iter().filter(|link| digits.len() >= 4 && link.to_string().starts_with(&digits)).collect();
    let [link] = found[..] else {
        return Err(Failure::new(
            Exit::NotFound,
            "no-such-proposal",
            format!("no open proposal is called `{id}`"),
        )
        .hint("`tessera charter show` lists the open ones"));
    };
    let links = session.engine().links();
    let changes = links
        .iter()
        .find(|one| one.id() == link)
        .map(|link: &Link| link.changes.iter().map(|change| words(change, &names)).collect::<Vec<_>>());
    session.work(|engine| engine.sign_link(link))?;
    let proposed = session.together(|acts| Ok(acts.proposed(link)))?;
    tell("charter-sign", proposed, &changes.unwrap_or_default(), context)
}

fn tell(
    verb: &'static str,
    proposed: Proposed,
    changes: &[String],
    context: &Context,
) -> Result<(), Failure> {
    let counts = proposed.counts;
    let row = json!({
        "id": proposed.link.to_string(),
        "changes": changes,
        "counts": counts,
        "signed": proposed.signed,
        "needed": proposed.needed,
    });
    Answer::new(verb, vec![row]).show(context, &["id", "changes", "counts"], |row| {
        let counts = if row["counts"] == true { "yes" } else { "not yet" };
        vec![text(&row["id"])[..8].to_owned(), text(&row["changes"]), counts.to_owned()]
    })?;
    context.hint(if counts && changes.iter().any(|change| change.contains("coordinator")) {
        "next: `tessera member check M --in-person` (or --words) gives a new coordinator the keys; then `tessera sync`"
    } else if counts {
        "next: `tessera sync`"
    } else {
        "next: `tessera sync`, and other admins sign with `tessera charter sign`"
    });
    Ok(())
}

/// A change in words.
fn words(change: &Change, names: &Names) -> String {
    match change {
        Change::Add { member, roles, .. } => {
            format!("{} becomes {}", names.name(*member), roles_of(*roles).join(" and "))
        }
        Change::Drop { member, roles, .. } => {
            format!("{} is no {} any more", names.name(*member), roles_of(*roles).join(" and "))
        }
        Change::AddDevice { member, .. } => format!("one more device of {}", names.name(*member)),
        Change::DropDevice { device, .. } => format!("device {} is taken out", &device.to_string()[..8]),
        Change::AddRelay { key, spare: true } => format!("spare relay key {}", &hex(&key.to_bytes())[..8]),
        Change::AddRelay { key, .. } => format!("relay key {}", &hex(&key.to_bytes())[..8]),
        Change::DropRelay { key } => format!("relay key {} is taken out", &hex(&key.to_bytes())[..8]),
        Change::Set { threshold: Threshold::Remove, count } => format!("a removal needs {count} admins"),
        Change::Set { threshold: Threshold::FinalList, count } => {
            format!("a final list needs {count} signers")
        }
        Change::AddSigner { member } => format!("{} signs final lists", names.name(*member)),
        Change::DropSigner { member } => format!("{} signs no final list any more", names.name(*member)),
        Change::RaiseSuite { floor } => format!("suite {floor} or newer"),
        Change::Set { .. } | Change::Unknown { .. } => "something of a newer version".to_owned(),
    }
}

/// Reads `M=ROLES`.
fn member_and_roles(given: &str, names: &Names) -> Result<(MemberId, Roles), Failure> {
    let parts = given.split_once('=');
    let (member, roles) =
        parts.ok_or_else(|| Failure::new(Exit::Usage, "usage", format!("`{given}` is not M=ROLES")))?;
    Ok((names.find(member)?, parse_roles(roles)?))
}
