//! What the interface is told of the commands: `client/ui/src/lib/backend/bindings.ts`, generated from here, committed, and
//! compared by a test.

use tauri_specta::{Builder, ErrorHandlingMode, collect_commands, collect_events};

use crate::commands::{
    CareEvent, ChangedEvent, ClosingEvent, DroppedEvent, IntakeEvent, LockedEvent, ProgressEvent, assignment,
    care, conflicts, coordinator, devices, eligibility, exchange, exports, intake, keychain, people,
    programme, record, recovery, relays, reviewer, scores, session,
};

/// Every command and event.
pub(crate) fn builder() -> Builder<tauri::Wry> {
    Builder::<tauri::Wry>::new()
        .error_handling(ErrorHandlingMode::Throw)
        .disable_serde_phases()
        .dangerously_cast_bigints_to_number()
        .events(collect_events![
            ProgressEvent,
            IntakeEvent,
            CareEvent,
            ChangedEvent,
            ClosingEvent,
            LockedEvent,
            DroppedEvent
        ])
        .typ::<tessera_views::Failure>()
        .commands(collect_commands![
            session::standing,
            session::given_at_start,
            session::choose_invitation,
            session::inspect_invitation,
            session::generate_passphrase,
            session::strength,
            session::enrol,
            session::save_answer,
            session::found,
            session::rehearse,
            session::unlock,
            session::unlock_by_words,
            session::lock,
            session::touch,
            session::leave,
            session::draw_sheet,
            session::rehearse_sheet,
            session::change_passphrase,
            session::preferences,
            session::set_preferences,
            session::set_language,
            keychain::unlock_by_keychain,
            keychain::let_keychain_open,
            keychain::forbid_keychain,
            recovery::inspect_recovery_words,
            recovery::inspect_recovery_lines,
            recovery::choose_recovery_lines,
            recovery::choose_recovery_bundle,
            recovery::recover_elsewhere,
            recovery::choose_backup,
            recovery::restore_backup,
            recovery::recovery_lines,
            recovery::save_recovery_lines,
            care::check_device,
            care::repair_device,
            care::support_report,
            care::save_report,
            care::last_backup,
            care::back_up,
            care::wiping,
            care::wipe,
            reviewer::reviewer_home,
            reviewer::dossier,
            reviewer::declare,
            reviewer::hand_back,
            reviewer::save_draft,
            reviewer::save_note,
            reviewer::mark_again,
            reviewer::submit,
            reviewer::consistency,
            reviewer::beside,
            reviewer::file_text,
            reviewer::file_pages,
            reviewer::file_typed,
            reviewer::save_file,
            reviewer::search,
            exchange::exchange_state,
            exchange::exchange_plan,
            exchange::exchange,
            exchange::cancel,
            exchange::bundle_out,
            exchange::bundle_in,
            exchange::inspect_bundles,
            exchange::stop_bundle,
            coordinator::board,
            coordinator::board_page,
            coordinator::board_around,
            coordinator::pace,
            coordinator::application,
            coordinator::explain_application,
            coordinator::judge,
            coordinator::ask_exception,
            coordinator::decide_exception,
            coordinator::take_back_exception,
            coordinator::type_file,
            coordinator::queue,
            coordinator::arrivals,
            coordinator::queue_size,
            coordinator::asking,
            coordinator::reminders,
            coordinator::decide,
            coordinator::ranking,
            coordinator::rank,
            coordinator::ruled,
            coordinator::agreement,
            coordinator::severity,
            coordinator::stop_severity,
            coordinator::shares,
            coordinator::moderation,
            coordinator::moderate,
            coordinator::selection,
            eligibility::eligibility,
            eligibility::eligibility_page,
            eligibility::choose_verdicts,
            eligibility::verdicts_table,
            eligibility::preview_verdicts,
            eligibility::take_verdicts,
            assignment::assignment,
            assignment::candidates,
            assignment::propose,
            assignment::propose_further,
            assignment::stop_proposal,
            assignment::explain_pair,
            assignment::assignment_light,
            assignment::swap_reader,
            assignment::take_back_unread,
            assignment::discard_draft,
            assignment::publish_assignment,
            assignment::import_assignment,
            assignment::choose_wishes,
            assignment::forget_wishes,
            programme::programme,
            programme::begin_programme,
            programme::begin_programme_from,
            programme::open_programme,
            programme::save_programme,
            programme::draft_programme,
            programme::discard_programme,
            programme::publish_programme,
            programme::close_round,
            intake::intake_choose_table,
            intake::intake_choose_folder,
            intake::intake_forget,
            intake::intake_table,
            intake::intake_preview,
            intake::intake_take,
            intake::entry_form,
            intake::keep_entry,
            intake::enter,
            intake::attach,
            intake::withdraw,
            intake::chase,
            intake::duplicates,
            intake::compare_pair,
            intake::judge_pair,
            exports::exports,
            exports::export,
            exports::export_dossiers,
            record::record_choices,
            record::keep_records,
            record::record_card,
            record::record_preview,
            record::record,
            scores::choose_scores,
            scores::scores_table,
            scores::scores_readers,
            scores::preview_scores,
            scores::take_scores,
            conflicts::conflicts,
            conflicts::rule_conflict,
            people::people,
            people::person,
            people::invite,
            people::save_invitation,
            people::guest_table,
            people::invite_guests,
            people::withdraw_invitation,
            people::admit,
            people::set_reading,
            people::confirm_words,
            people::removal,
            people::suspend,
            people::lift,
            people::remove,
            people::deciding,
            people::give_roles,
            people::take_roles,
            people::set_removal_needs,
            people::access,
            people::access_on,
            devices::own_devices,
            devices::device_pass,
            devices::save_pass,
            devices::device_request,
            devices::add_device,
            devices::remove_device,
            devices::proposals,
            devices::sign_proposal,
            relays::relays,
            relays::relay_key,
            relays::set_relay_address,
            relays::add_relay,
            relays::drop_relay,
        ])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use specta_typescript::Typescript;

    use super::*;

    fn file(path: &str) -> String {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
    }

    /// `UPDATE=1 cargo test` writes it anew.
    #[test]
    fn the_committed_bindings_are_these() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/lib/backend/bindings.ts");
        let folder = std::env::temp_dir().join(format!("tessera-bindings-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let made = folder.join("bindings.ts");
        builder().export(Typescript::default(), &made).unwrap();
        let made_text = std::fs::read_to_string(&made).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &made_text).unwrap();
        }
        assert!(std::fs::read_to_string(&path).unwrap_or_default() == made_text, "run it with UPDATE=1");
    }

    #[test]
    fn what_is_permitted_is_what_there_is() {
        let source = file("src/bindings.rs");
        let list = source.split_once("collect_commands![").unwrap().1.split_once(']').unwrap().0;
        let commands: BTreeSet<String> = list
            .split(',')
            .filter_map(|path| path.trim().rsplit_once("::").map(|(_, name)| name.to_owned()))
            .collect();
        let capability: serde_json::Value = serde_json::from_str(&file("capabilities/main.json")).unwrap();
        let permitted: BTreeSet<String> = capability["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| one.as_str().unwrap().strip_prefix("allow-"))
            .map(|name| name.replace('-', "_"))
            .collect();
        assert_eq!(commands, permitted);
        let built: BTreeSet<String> =
            file("commands.txt").lines().map(str::to_owned).filter(|line| !line.is_empty()).collect();
        assert_eq!(commands, built, "commands.txt names what build.rs makes permissions for");
    }
}
