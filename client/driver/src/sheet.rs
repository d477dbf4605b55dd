//! What stands on a recovery sheet beside its words: whose it is, and where the programme's relay is. Nothing of it is secret, and
//! with the words it is enough to come back on another computer.

use tessera_protocol::ids::{DeviceId, MemberId, ProgrammeId, RelayKey};
use tessera_protocol::signature::PublicKey;
use tessera_vault::enrol::Relay;
use tessera_vault::text::Text;

use crate::session::{Session, SessionError};

/// The longest text in which lines of a sheet are looked for, in bytes.
pub const SHEET_BYTES: usize = 16 << 10;
/// The most relays that are taken from one.
const RELAYS: usize = 8;
const TITLE: &str = "Recovery sheet:";

/// The lines of a sheet.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// What the programme is called.
    pub title: String,
    /// The programme.
    pub programme: ProgrammeId,
    /// Whose sheet it is.
    pub member: MemberId,
    /// The device that printed it; none where that line is missing.
    pub device: Option<DeviceId>,
    /// Where the programme's relays are.
    pub relays: Vec<Relay>,
}

impl Sheet {
    /// What a sheet of this home says.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn of(session: &mut Session) -> Result<Self, SessionError> {
        let (title, relays) = session.together(|acts| Ok((acts.title()?, acts.relays()?)))?;
        let engine = session.engine();
        let (programme, member, device) = (engine.programme(), engine.member(), engine.device());
        Ok(Self { title, programme, member, device: Some(device), relays })
    }

    /// The lines.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("{TITLE} {}", self.title),
            format!("programme {}", self.programme),
            format!("member    {}", self.member),
        ];
        lines.extend(self.device.map(|device| format!("device    {device}")));
        for relay in &self.relays {
            lines.push(format!("relay     {}", &*relay.url));
            lines.push(format!("relay key {}", RelayKey(relay.key.to_bytes())));
        }
        lines
    }

    /// Reads lines that were typed, copied or saved: any order, any case of the digits, spaces among them; other lines are
    /// passed over. None where programme or member is missing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > SHEET_BYTES {
            return None;
        }
        let (mut title, mut programme, mut member, mut device) = (String::new(), None, None, None);
        let (mut url, mut relays) = (None, Vec::new());
        for line in text.lines().map(|line| line.trim_start_matches('\u{feff}').trim()) {
            if let Some(rest) = line.strip_prefix(TITLE) {
                rest.trim().clone_into(&mut title);
            } else if let Some(key) = named(line, "relay key") {
                let key: Option<RelayKey> = digits(key).parse().ok();
                let key = key.and_then(|key| PublicKey::from_bytes(&key.0).ok());
                let address = url.take().and_then(|url| Text::try_from(url).ok());
                if let (Some(url), Some(key)) = (address, key)
                    && relays.len() < RELAYS
                {
                    relays.push(Relay { url, key });
                }
            } else if let Some(address) = named(line, "relay") {
                url = Some(address.trim_end_matches('/'));
            } else if let Some(id) = named(line, "programme") {
                programme = programme.or(digits(id).parse().ok());
            } else if let Some(id) = named(line, "member") {
                member = member.or(digits(id).parse().ok());
            } else if let Some(id) = named(line, "device") {
                device = device.or(digits(id).parse().ok());
            }
        }
        Some(Self { title, programme: programme?, member: member?, device, relays })
    }
}

/// What follows a name at the beginning of a line.
fn named<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (head, rest) = line.split_at_checked(name.len())?;
    let apart = |c: char| c.is_whitespace() || c == ':';
    (head.eq_ignore_ascii_case(name) && rest.starts_with(apart)).then(|| rest.trim_start_matches(apart))
}

/// Hexadecimal digits as an id is read: people write them in groups.
fn digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

    fn sheet() -> Sheet {
        let key: RelayKey = KEY.parse().unwrap();
        let relay = Relay {
            url: Text::try_from("https://relay.example").unwrap(),
            key: PublicKey::from_bytes(&key.0).unwrap(),
        };
        Sheet {
            title: "The seminar: 2027".into(),
            programme: ProgrammeId([7; 16]),
            member: MemberId([0xab; 16]),
            device: Some(DeviceId([9; 16])),
            relays: vec![relay],
        }
    }

    #[test]
    fn lines_are_read_back_as_they_were_written() {
        let (sheet, text) = (sheet(), sheet().lines().join("\n"));
        let read = Sheet::parse(&text).unwrap();
        assert_eq!(read.lines(), sheet.lines());
        assert!(text.contains(&format!("relay key {KEY}")) && text.contains("member    abab"), "{text}");
    }

    #[test]
    fn what_people_typed_is_read_all_the_same() {
        let (programme, member) = ("07 ".repeat(16), "ABAB".repeat(8));
        let typed = format!(
            "\u{feff}Member: {member}\r\n\r\n  PROGRAMME\t{programme}\nrelay https://relay.example/\nsomething else\nRelay key: {}",
            KEY.to_uppercase()
        );
        let read = Sheet::parse(&typed).unwrap();
        assert_eq!((read.programme, read.member, read.device), (sheet().programme, sheet().member, None));
        assert_eq!(&*read.relays[0].url, "https://relay.example");
    }

    #[test]
    fn what_is_no_sheet_is_none() {
        let programme = sheet().programme;
        for text in ["", "hello", &format!("programme {programme}"), "programme 07\nmember ab"] {
            assert!(Sheet::parse(text).is_none(), "{text}");
        }
        let long = format!("{}\n{}", sheet().lines().join("\n"), "x".repeat(SHEET_BYTES));
        assert!(Sheet::parse(&long).is_none());
        let without_key = "relay https://relay.example";
        let text = format!("programme {programme}\nmember {}\n{without_key}", sheet().member);
        assert!(Sheet::parse(&text).unwrap().relays.is_empty());
    }
}
