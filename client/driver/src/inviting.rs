//! Inviting many at once: a table of people is read and checked row by row, then each gets a file of its own in a folder. Not how
//! a person is told.

use std::path::{Path, PathBuf};

use tessera_engine::home::{HomeError, write_atomically};
use tessera_engine::intake::read_table;
use tessera_engine::persons::Invited;
use tessera_model::input::InputError;
use tessera_protocol::charter::Roles;
use tessera_protocol::ids::InvitationId;
use tessera_vault::text::Text;

use crate::session::{Session, SessionError};

/// The most rows of one table.
pub const MOST: usize = 2000;
/// Columns that are known in any case.
const COLUMNS: [&str; 8] = ["name", "role", "email", "region", "languages", "competences", "min", "max"];
/// What an invitation's file ends with.
const ENDING: &str = "invitation";
/// The longest name of a file that is made of a person's name, in characters.
const STEM_CHARS: usize = 60;

/// Somebody who is to be invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// The row of the table.
    pub row: u64,
    /// Whom.
    pub invited: Invited,
    /// As what.
    pub roles: Roles,
}

/// A row of which nobody can be invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedGuest {
    /// Its number.
    pub row: u64,
    /// The column that it is about.
    pub column: Option<String>,
    /// Why: kebab-case, one of a closed list.
    pub code: &'static str,
    /// The same in English.
    pub message: String,
}

/// Whom a table names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guests {
    /// Those who can be invited.
    pub guests: Vec<Guest>,
    /// The rows that are wrong.
    pub refused: Vec<RefusedGuest>,
}

/// An invitation that was written into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenInvitation {
    /// The invitation.
    pub id: InvitationId,
    /// Its file.
    pub file: PathBuf,
}

/// Reads `reviewer`, `coordinator`, `admin`, or several with commas; gives the first word that is none of them.
///
/// # Errors
/// The word.
pub fn roles(words: &str) -> Result<Roles, String> {
    let mut roles = Roles::default();
    for word in words.split(',').map(str::trim) {
        match word.to_lowercase().as_str() {
            "reviewer" => {}
            "coordinator" => roles.coordinator = true,
            "admin" => roles.admin = true,
            _ => return Err(word.to_owned()),
        }
    }
    Ok(roles)
}

/// Checks a person's name.
///
/// # Errors
/// A code and the same in English.
pub fn name(name: &str) -> Result<Text<200>, (&'static str, &'static str)> {
    let name = name.trim();
    if name.is_empty() {
        return Err(("name-missing", "the name is empty"));
    }
    Text::try_from(name).map_err(|_| ("name-too-long", "the name is too long"))
}

/// Reads a table of people: CSV, a workbook or JSON with the columns name[,role,email,region,languages,competences,min,max,…],
/// in any case. Whoever has no role is invited as `otherwise` says.
///
/// # Errors
/// [`InputError`] where it is no such table.
pub fn read(bytes: &[u8], file: &str, otherwise: Roles) -> Result<Guests, InputError> {
    let mut table = read_table(bytes, file, None)?;
    // What stands in another case or between spaces is the same column.
    for at in 0..table.columns.len() {
        let plain = table.columns[at].trim().to_lowercase();
        if COLUMNS.contains(&plain.as_str()) && table.column(&plain).is_none() {
            table.columns[at] = plain;
        }
    }
    let name_at = table.require("name")?;
    let role_at = table.column("role");
    let mut guests = Guests::default();
    for row in &table.rows {
        if guests.guests.len() + guests.refused.len() == MOST {
            let message = format!("more than {MOST} rows at once; divide the table");
            guests.refused.push(refused(row.number, None, "too-many", message));
            break;
        }
        match guest(row.number, &table.columns, &row.cells, (name_at, role_at), otherwise) {
            Ok(guest) => guests.guests.push(guest),
            Err(refused) => guests.refused.push(refused),
        }
    }
    Ok(guests)
}

fn guest(
    row: u64,
    columns: &[String],
    cells: &[String],
    (name_at, role_at): (usize, Option<usize>),
    otherwise: Roles,
) -> Result<Guest, RefusedGuest> {
    let name =
        name(&cells[name_at]).map_err(|(code, text)| refused(row, Some("name"), code, text.to_owned()))?;
    let roles = match role_at.map(|at| cells[at].trim()).filter(|role| !role.is_empty()) {
        Some(words) => roles(words).map_err(|word| {
            let message = format!("`{word}` is no role: reviewer, coordinator or admin; several with commas");
            refused(row, Some("role"), "unknown-role", message)
        })?,
        None => otherwise,
    };
    let mut fields = Vec::new();
    for (at, (column, cell)) in columns.iter().zip(cells).enumerate() {
        let cell = cell.trim();
        if at == name_at || Some(at) == role_at || cell.is_empty() {
            continue;
        }
        let long = |_| refused(row, Some(column), "cell-too-long", "this is too long".to_owned());
        fields.push((Text::try_from(column.as_str()).map_err(long)?, Text::try_from(cell).map_err(long)?));
    }
    let fields = fields.try_into().map_err(|_| {
        refused(row, None, "too-many-columns", "an invitation takes 32 columns along".to_owned())
    })?;
    Ok(Guest { row, invited: Invited { name, fields }, roles })
}

fn refused(row: u64, column: Option<&str>, code: &'static str, message: String) -> RefusedGuest {
    RefusedGuest { row, column: column.map(str::to_owned), code, message }
}

/// Makes an invitation and writes its file into a folder that is there; where the file cannot be written, the invitation is
/// withdrawn.
///
/// # Errors
/// [`SessionError`].
pub fn invite(
    session: &mut Session,
    invited: &Invited,
    roles: Roles,
    out: &Path,
) -> Result<WrittenInvitation, SessionError> {
    let invitation = session.together(|acts| acts.invite_person(roles, invited))?;
    let id = invitation.id;
    let file = free_file(out, &invited.name, &id.to_string()[..8]);
    let path = std::path::absolute(&file).unwrap_or_else(|_| file.clone());
    if let Err(error) = write_atomically(&path, format!("{}\n", &*invitation.to_link()).as_bytes()) {
        session.together(|acts| acts.withdraw_invitation(id))?;
        return Err(error.into());
    }
    Ok(WrittenInvitation { id, file })
}

/// Makes the folder for invitations where there is none.
///
/// # Errors
/// [`HomeError`].
pub fn make_folder(out: &Path) -> Result<(), HomeError> {
    std::fs::create_dir_all(out).map_err(|source| HomeError::Io { path: out.to_owned(), source })
}

/// A file that is not there yet, named after a person: lower-case letters and digits of ASCII, else `otherwise`.
#[must_use]
pub fn free_file(folder: &Path, name: &str, otherwise: &str) -> PathBuf {
    let mut stem = String::new();
    for c in name.chars().take(STEM_CHARS) {
        if c.is_ascii_alphanumeric() {
            stem.push(c.to_ascii_lowercase());
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
    }
    let stem = stem.trim_end_matches('-');
    let plain = folder.join(format!("{}.{ENDING}", if stem.is_empty() { otherwise } else { stem }));
    if plain.exists() { folder.join(format!("{stem}-{otherwise}.{ENDING}")) } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "Name, ROLE ,email,Languages\n\
        Amina Example,,amina@example.org,en;fr\n\
        ,reviewer,,\n\
        Bo Example,chair,,\n\
        Chen,\"Coordinator, admin\",,zh\n";

    #[test]
    fn names_of_people_become_names_of_files() {
        let check = |name: &str, expected: &str| {
            assert_eq!(free_file(Path::new("nowhere"), name, "0a1b"), Path::new("nowhere").join(expected));
        };
        check("Amina Example", "amina-example.invitation");
        check("../../etc/passwd", "etc-passwd.invitation");
        check("महिमा", "0a1b.invitation");
        check("", "0a1b.invitation");
    }

    #[test]
    fn a_row_that_is_wrong_refuses_itself_alone() {
        let Guests { guests, refused } = read(TABLE.as_bytes(), "people.csv", Roles::default()).unwrap();
        let seen: Vec<_> =
            guests.iter().map(|guest| (guest.row, &*guest.invited.name, guest.roles)).collect();
        let both = Roles { admin: true, coordinator: true };
        assert_eq!(seen, [(2, "Amina Example", Roles::default()), (5, "Chen", both)]);
        let fields: Vec<_> = guests[0].invited.fields.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(fields, [("email", "amina@example.org"), ("languages", "en;fr")]);
        let codes: Vec<_> = refused.iter().map(|one| (one.row, one.column.as_deref(), one.code)).collect();
        assert_eq!(codes, [(3, Some("name"), "name-missing"), (4, Some("role"), "unknown-role")]);
    }

    #[test]
    fn a_table_without_names_is_none() {
        let error = read(b"who,role\nAmina,\n", "people.csv", Roles::default()).unwrap_err();
        assert_eq!(error.kind.code(), "column-missing");
        let long = format!("name,note\nAmina,{}\n", "x".repeat(501));
        let read = read(long.as_bytes(), "people.csv", Roles::default()).unwrap();
        assert_eq!((read.guests.len(), read.refused[0].code), (0, "cell-too-long"));
    }
}
