//! A coordinator's screens.

use tauri::State;
use tessera_driver::clock::now_ms;
use tessera_views::Failure;
use tessera_views::application::{self, ApplicationView};
use tessera_views::arrivals::{self, ArrivalsView};
use tessera_views::board::{self, Board, BoardPage, BoardPlace, BoardQuery};
use tessera_views::figures::{self, AgreementView, RankView, RankingView, SeverityView};
use tessera_views::files;
use tessera_views::mails::{self, AskingView, RemindersView};
use tessera_views::moderation::{self, ModerationView};
use tessera_views::pace::{self, PaceView};
use tessera_views::queue::{self, QueueVerdict, QueueView};
use tessera_views::ruled::{self, RuledView};
use tessera_views::selection::{self, SeatsTrial, SelectionView};
use tessera_views::shares::{self, SharesView};
use tessera_views::why::{self, WhyView};

use crate::desk::{Desk, off_the_window};

/// Reads the board above its rows.
#[tauri::command]
#[specta::specta]
pub(crate) async fn board(desk: State<'_, Desk>) -> Result<Board, Failure> {
    let whole = desk.board().await?;
    desk.look(move |session, language| board::board(session, &whole, language)).await
}

/// Rows of the board.
#[tauri::command]
#[specta::specta]
pub(crate) async fn board_page(desk: State<'_, Desk>, query: BoardQuery) -> Result<BoardPage, Failure> {
    Ok(board::page(&desk.board().await?.rows, &query))
}

/// Where an application stands among the rows that fit.
#[tauri::command]
#[specta::specta]
pub(crate) async fn board_around(
    desk: State<'_, Desk>,
    query: BoardQuery,
    application: String,
) -> Result<Option<BoardPlace>, Failure> {
    Ok(board::around(&desk.board().await?.rows, &query, &application))
}

/// Reckons whether the dates of open rounds hold.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pace(desk: State<'_, Desk>) -> Result<Vec<PaceView>, Failure> {
    desk.look(move |session, language| pace::pace(session, now_ms(), language)).await
}

/// Reads one application.
#[tauri::command]
#[specta::specta]
pub(crate) async fn application(desk: State<'_, Desk>, id: String) -> Result<ApplicationView, Failure> {
    let whole = desk.board().await?;
    desk.look(move |session, language| application::application(session, &whole.twins, &id, language)).await
}

/// Reads why something of an application is not here, or does not count.
#[tauri::command]
#[specta::specta]
pub(crate) async fn explain_application(desk: State<'_, Desk>, id: String) -> Result<WhyView, Failure> {
    desk.look(move |session, _| why::why(session, &id)).await
}

/// Gives a verdict on a condition; `none` takes back the one that stands.
#[tauri::command]
#[specta::specta]
pub(crate) async fn judge(
    desk: State<'_, Desk>,
    application: String,
    gate: String,
    verdict: String,
    evidence: String,
    reason: String,
) -> Result<(), Failure> {
    desk.act(move |session| application::judge(session, &application, &gate, &verdict, &evidence, &reason))
        .await
}

/// Asks for the exception.
#[tauri::command]
#[specta::specta]
pub(crate) async fn ask_exception(
    desk: State<'_, Desk>,
    application: String,
    reason: String,
) -> Result<(), Failure> {
    desk.act(move |session| application::except(session, &application, None, &reason)).await
}

/// Grants or refuses the exception.
#[tauri::command]
#[specta::specta]
pub(crate) async fn decide_exception(
    desk: State<'_, Desk>,
    application: String,
    grant: bool,
    reason: String,
) -> Result<(), Failure> {
    desk.act(move |session| application::except(session, &application, Some(grant), &reason)).await
}

/// Takes back what this person did of the exception: the decision, or the request.
#[tauri::command]
#[specta::specta]
pub(crate) async fn take_back_exception(
    desk: State<'_, Desk>,
    application: String,
    decision: bool,
) -> Result<(), Failure> {
    desk.act(move |session| application::take_back_exception(session, &application, decision)).await
}

/// Puts what a coordinator typed from a file beside it, in place of the texts that were shown; no page takes that back.
#[tauri::command]
#[specta::specta]
pub(crate) async fn type_file(
    desk: State<'_, Desk>,
    handle: String,
    pages: Vec<String>,
    shown: Option<Vec<String>>,
) -> Result<Vec<String>, Failure> {
    desk.act(move |session| files::type_file(session, &handle, &pages, shown.as_deref())).await
}

/// How many questions wait.
#[tauri::command]
#[specta::specta]
pub(crate) async fn queue_size(desk: State<'_, Desk>) -> Result<u32, Failure> {
    desk.waiting().await
}

/// Reads the merge desk.
#[tauri::command]
#[specta::specta]
pub(crate) async fn queue(desk: State<'_, Desk>) -> Result<QueueView, Failure> {
    desk.look(queue::queue).await
}

/// Reads what arrived, whose it is and by which way it came.
#[tauri::command]
#[specta::specta]
pub(crate) async fn arrivals(desk: State<'_, Desk>) -> Result<ArrivalsView, Failure> {
    desk.look(move |session, _| arrivals::arrivals(session)).await
}

/// Whom a question about items of the merge desk goes to.
#[tauri::command]
#[specta::specta]
pub(crate) async fn asking(desk: State<'_, Desk>, ids: Vec<String>) -> Result<AskingView, Failure> {
    desk.look(move |session, _| mails::asking(session, &ids)).await
}

/// Who is behind, to be reminded.
#[tauri::command]
#[specta::specta]
pub(crate) async fn reminders(desk: State<'_, Desk>) -> Result<RemindersView, Failure> {
    desk.look(move |session, _| mails::reminders(session)).await
}

/// Decides items of the merge desk.
#[tauri::command]
#[specta::specta]
pub(crate) async fn decide(
    desk: State<'_, Desk>,
    ids: Vec<String>,
    verdict: QueueVerdict,
    reason: String,
) -> Result<(), Failure> {
    desk.act(move |session| queue::decide(session, &ids, verdict, &reason)).await
}

/// Calculates the order.
#[tauri::command]
#[specta::specta]
pub(crate) async fn ranking(desk: State<'_, Desk>, round: Option<String>) -> Result<RankingView, Failure> {
    desk.look(move |session, language| figures::ranking(session, round.as_deref(), language)).await
}

/// Calculates where one application stands.
#[tauri::command]
#[specta::specta]
pub(crate) async fn rank(desk: State<'_, Desk>, application: String) -> Result<Option<RankView>, Failure> {
    desk.look(move |session, language| figures::rank(session, &application, language)).await
}

/// Reads and calculates what decided about an application.
#[tauri::command]
#[specta::specta]
pub(crate) async fn ruled(desk: State<'_, Desk>, application: String) -> Result<RuledView, Failure> {
    let (view, chance) =
        desk.look(move |session, language| ruled::ruled(session, &application, language)).await?;
    off_the_window(move || Ok(RuledView { chance: chance.calculate(), ..view })).await
}

/// Calculates how far readers agree.
#[tauri::command]
#[specta::specta]
pub(crate) async fn agreement(
    desk: State<'_, Desk>,
    round: Option<String>,
) -> Result<AgreementView, Failure> {
    desk.look(move |session, language| figures::agreement(session, round.as_deref(), language)).await
}

/// Calculates how severe readers are; ends a calculation that is under way.
#[tauri::command]
#[specta::specta]
pub(crate) async fn severity(desk: State<'_, Desk>, round: Option<String>) -> Result<SeverityView, Failure> {
    let stop = desk.calculate();
    let calculation = desk.look(move |session, _| figures::severity(session, round.as_deref(), stop)).await?;
    off_the_window(move || calculation.severity()).await
}

/// Stops the calculation that is under way.
#[tauri::command]
#[specta::specta]
pub(crate) async fn stop_severity(desk: State<'_, Desk>) -> Result<(), Failure> {
    drop(desk.calculate());
    Ok(())
}

/// Counts groups at every stage, with what is small hidden.
#[tauri::command]
#[specta::specta]
pub(crate) async fn shares(desk: State<'_, Desk>, least: u32) -> Result<SharesView, Failure> {
    desk.look(move |session, language| shares::shares(session, least, language)).await
}

/// Reads what wants a person's judgement before the order decides.
#[tauri::command]
#[specta::specta]
pub(crate) async fn moderation(
    desk: State<'_, Desk>,
    round: Option<String>,
) -> Result<ModerationView, Failure> {
    desk.look(move |session, language| moderation::moderation(session, round.as_deref(), language)).await
}

/// Gives a verdict on an application's reviews in a round, or takes it back.
#[tauri::command]
#[specta::specta]
pub(crate) async fn moderate(
    desk: State<'_, Desk>,
    application: String,
    round: String,
    verdict: Option<String>,
    reason: String,
) -> Result<(), Failure> {
    desk.act(move |session| moderation::moderate(session, &application, &round, verdict.as_deref(), &reason))
        .await
}

/// Calculates who would be selected, by the programme's seats or by others.
#[tauri::command]
#[specta::specta]
pub(crate) async fn selection(
    desk: State<'_, Desk>,
    round: Option<String>,
    trial: Option<SeatsTrial>,
) -> Result<SelectionView, Failure> {
    desk.look(move |session, language| {
        selection::selection(session, round.as_deref(), trial.as_ref(), language)
    })
    .await
}
