//! Suspending, lifting and removing a member. With `--dry-run` nothing is done and everything is said.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::json;
use tessera_driver::session::Session;
use tessera_engine::people::Removal;
use tessera_model::documents::{AssignmentState, Kind, Subject};
use tessera_protocol::charter::Change;
use tessera_protocol::ids::{LinkId, MemberId};
use tessera_protocol::permission::Standing;
use tessera_vault::ids::Audience;

use super::super::programme::text;
use super::standing;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::names::{Find as _, Names};
use crate::output::{Answer, print};

#[derive(Debug, Args)]
pub(super) struct Ending {
    /// Name, or the beginning of the id
    #[arg(value_name = "M")]
    member: String,
    /// Say what it would mean, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Sign what another admin proposed: the beginning of its id
    #[arg(long, value_name = "ID", conflicts_with = "dry_run")]
    sign: Option<String>,
}

/// Which of the three acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Suspend,
    Lift,
    Remove,
}

pub(super) fn run(end: End, arguments: &Ending, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let names = Names::of(&mut session)?;
    let member = names.find(&arguments.member)?;
    if arguments.dry_run {
        return dry_run(end, &mut session, member, &names, context);
    }
    if member == session.engine().member() && end != End::Lift {
        return Err(
            Failure::new(Exit::NeedsPerson, "this-member", "this is you").hint("another admin can do it")
        );
    }
    match (end, &arguments.sign) {
        (_, Some(id)) => sign(&mut session, id, member)?,
        (End::Suspend, None) => drop(session.work(|engine| engine.suspend(member))?),
        (End::Lift, None) => {
            if session.work(|engine| engine.lift(member))? == 0 {
                return Err(Failure::new(
                    Exit::NotFound,
                    "not-suspended",
                    format!("{} is not suspended", names.name(member)),
                ));
            }
        }
        (End::Remove, None) => {
            if let Some(link) = proposed(&mut session, member) {
                return Err(Failure::new(
                    Exit::NeedsPerson,
                    "already-proposed",
                    format!("another admin proposed to remove {}", names.name(member)),
                )
                .hint(format!(
                    "sign it: `tessera member remove {} --sign {}`",
                    &member.to_string()[..8],
                    &link.to_string()[..8]
                )));
            }
            session.work(|engine| engine.remove(member))?;
        }
    }
    let now = session.engine().permission().members.get(&member).map(|state| state.standing);
    let pending = proposed_by_anybody(&mut session, member);
    let row = json!({
        "member": member.to_string(),
        "name": names.name(member),
        "standing": now.map(standing),
        "proposal": pending.map(|link| link.to_string()),
    });
    let verb = match end {
        End::Suspend => "member-suspend",
        End::Lift => "member-lift",
        End::Remove => "member-remove",
    };
    Answer::new(verb, vec![row]).show(context, &["id", "name", "standing"], |row| {
        vec![text(&row["member"])[..8].to_owned(), text(&row["name"]), text(&row["standing"])]
    })?;
    context.hint(match (end, now) {
        (End::Remove, Some(Standing::Removed)) => {
            "what arrives from them later waits in `tessera queue list`; next: `tessera sync`"
        }
        (End::Remove, _) => "more admins have to agree: each runs the same command, or signs with --sign",
        (End::Suspend, _) => "`tessera member lift` undoes it; next: `tessera sync`",
        (End::Lift, _) => "next: `tessera sync`",
    });
    Ok(())
}

fn sign(session: &mut Session, id: &str, member: MemberId) -> Result<(), Failure> {
    let digits = id.trim().to_ascii_lowercase();
    let link = dropping(session, member)
        .into_iter()
        .find(|link| digits.len() >= 4 && link.to_string().starts_with(&digits))
        .ok_or_else(|| {
            Failure::new(
                Exit::NotFound,
                "no-such-proposal",
                "no open proposal with this id concerns this member",
            )
            .hint("`tessera charter show` lists the open ones")
        })?;
    session.together(|acts| acts.sign_removal(link, member))?;
    Ok(())
}

/// Open proposals that take roles from a member.
fn dropping(session: &mut Session, member: MemberId) -> BTreeSet<LinkId> {
    let pending = &session.engine().permission().charter.pending;
    let pending: BTreeSet<LinkId> = pending.keys().copied().collect();
    let drops = |change: &Change| matches!(change, Change::Drop { member: whom, .. } if *whom == member);
    let links = session.engine().links();
    let open = links.into_iter().filter(|link| pending.contains(&link.id()));
    open.filter(|link| link.changes.iter().any(drops)).map(|link| link.id()).collect()
}

fn proposed_by_anybody(session: &mut Session, member: MemberId) -> Option<LinkId> {
    dropping(session, member).into_iter().next()
}

/// An open proposal that this admin has not signed.
fn proposed(session: &mut Session, member: MemberId) -> Option<LinkId> {
    let me = session.engine().member();
    let links = dropping(session, member);
    let pending = &session.engine().permission().charter.pending;
    links.into_iter().find(|link| pending.get(link).is_some_and(|one| !one.signed.contains(&me)))
}

fn dry_run(
    end: End,
    session: &mut Session,
    member: MemberId,
    names: &Names,
    context: &Context,
) -> Result<(), Failure> {
    let removal = session.work(|engine| engine.removal(member))?;
    let (assigned, submitted) = readings(session, member)?;
    let waiting = session.engine().is_coordinator();
    let access = if waiting { session.together(|acts| acts.access())? } else { Vec::new() };
    let mine = access.into_iter().filter(|one| one.member == member && one.now);
    let streams: Vec<Audience> = mine.map(|one| one.audience).collect();
    let dossiers = streams.iter().filter(|audience| matches!(audience, Audience::Dossier(..))).count();
    let sentences = words(end, names.name(member), &removal, dossiers, assigned, submitted);
    let row = json!({
        "member": member.to_string(),
        "name": names.name(member),
        "devices": removal.devices.len(),
        "could_read": streams.iter().map(audience_word).collect::<BTreeSet<_>>(),
        "dossiers": dossiers,
        "packs_here": removal.packs,
        "assigned": assigned,
        "submitted": submitted,
        "may_be_unsynced": assigned.saturating_sub(submitted),
        "sentences": sentences,
    });
    Answer::new("member-dry-run", vec![row])
        .show_as(context, |_| print(&format!("{}\n", sentences.join("\n"))))
}

fn words(
    end: End,
    name: String,
    removal: &Removal,
    dossiers: usize,
    assigned: usize,
    submitted: usize,
) -> Vec<String> {
    let mut said = vec![match end {
        End::Suspend => format!(
            "Suspending {name} stops reading and writing until an admin lifts it. Nothing is done yet."
        ),
        End::Lift => format!("Lifting lets {name} read and write again. Nothing is done yet."),
        End::Remove => {
            format!("Removing {name} is for ever; somebody who returns is invited anew. Nothing is done yet.")
        }
    }];
    if end == End::Lift {
        return said;
    }
    said.push(format!(
        "{name} could read up to now: the programme, own assignments and reviews, and {dossiers} dossiers, on {} devices. What was read or copied stays with them; what is written from here on cannot be read.",
        removal.devices.len()
    ));
    said.push(format!("{} pieces of their signed work are here and stay counted.", removal.packs));
    let open = assigned.saturating_sub(submitted);
    said.push(if open == 0 {
        format!("All {assigned} assigned readings are here; nothing is known to be on its way.")
    } else {
        format!(
            "{open} of {assigned} assigned readings are not here. If they were written, they are on a device of theirs or at the relay; whatever comes later waits in the queue until a coordinator decides. To lose nothing, ask {name} to sync first."
        )
    });
    said
}

/// Assigned readings and how many of them have a submitted review here; zero where this home cannot know.
fn readings(session: &mut Session, member: MemberId) -> Result<(usize, usize), Failure> {
    if !session.engine().is_coordinator() {
        return Ok((0, 0));
    }
    let counted = session.together(|acts| {
        let mut assigned = BTreeSet::new();
        for (record, audience) in acts.documents(Kind::Assignment)? {
            if audience != Some(Audience::To(member)) {
                continue;
            }
            let read =
                acts.read::<tessera_model::documents::Assignment>(&Audience::To(member), &record.subject)?;
            if read.is_some_and(|read| read.value.state == Some(AssignmentState::Assigned))
                && let Ok(Subject::Reading(application, round)) =
                    Subject::parse(Kind::Assignment, &record.subject)
            {
                assigned.insert((application, round));
            }
        }
        let reviews = acts.tallies()?;
        let submitted = reviews
            .iter()
            .filter(|review| {
                review.member == member && assigned.contains(&(review.application.0, review.round.0))
            })
            .count();
        Ok((assigned.len(), submitted))
    });
    Ok(counted?)
}

/// What an audience is called in lists of access.
pub(crate) fn audience_word(audience: &Audience) -> &'static str {
    match audience {
        Audience::Programme => "programme",
        Audience::Intake => "intake",
        Audience::To(_) => "assignments",
        Audience::Reviews(_) => "reviews",
        Audience::Desk(_) => "drafts",
        Audience::File(_) => "identity",
        Audience::Dossier(..) => "dossier",
        Audience::Panel(..) => "discussion",
        Audience::People => "people",
        Audience::Office => "office",
        Audience::Keys => "everything",
    }
}
