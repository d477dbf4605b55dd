//! Keys and bytes: identities, sealing, welcomes, recovery, enrolment.
