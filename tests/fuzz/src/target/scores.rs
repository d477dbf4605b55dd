//! Tables of scores, applications, reviewers and affinities, and what is calculated of them. The first byte says which.

use tessera_model::affinities::Affinities;
use tessera_model::applications::Applications;
use tessera_model::compute::{File, Inputs, Request};
use tessera_model::reviewers::Reviewers;

pub(crate) fn feed(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    match which % 6 {
        0 => drop(Applications::read(bytes, "a.csv")),
        1 => drop(Reviewers::read(bytes, "r.csv")),
        2 => drop(Affinities::read(bytes, "a.csv")),
        3 => drop(Affinities::read_matrix(bytes, "m.csv")),
        4 => drop(Inputs::read(&request(bytes, None))),
        _ => drop(Inputs::read(&request(bytes, Some(PROGRAMME)))),
    }
}

const PROGRAMME: &[u8] = include_bytes!("../../../../shared/model/programmes/seminar.toml");

fn request<'a>(scores: &'a [u8], programme: Option<&'a [u8]>) -> Request<'a> {
    Request {
        scores: File { name: "scores.csv", bytes: scores },
        programme: programme.map(|bytes| File { name: "programme.toml", bytes }),
        applications: None,
        reviewers: None,
        round: None,
        seed: Some(1),
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seeds: [(u8, &[u8]); 10] = [
        (0, b"application,region,language,bonus\nA1,africa,en,0.5\nA2,,fr,\n"),
        (1, b"reviewer,most,least,region\nR1,10,2,africa\nR2,,,\n"),
        (1, b"reviewer,capacity\nR1,10\n"),
        (2, b"reviewer,application,affinity,conflict\nR1,A1,0.75,\nR2,A1,1,yes\n"),
        (3, b"0.1,0.2\n1,0\n"),
        (4, b"reviewer,application,c1,c2\nR1,A1,4,3.5\nR2,A1,N/A,\nR1,A2,1,2\n"),
        (4, b"reviewer,application,round,revision,c1\nR1,A1,reading,1,4\nR1,A1,reading,2,5\n"),
        (4, b"{\"reviewer\":\"R1\",\"application\":\"A1\",\"scores\":{\"c1\":4,\"c2\":\"N/A\"}}\n"),
        (5, b"reviewer,application,purpose,impact,need,leadership,diversity\nR1,A1,4,4,4,4,4\n"),
        (
            5,
            b"{\"reviewer\":\"R1\",\"application\":\"A1\",\"round\":\"reading\",\"scores\":{\"impact\":4}}\n",
        ),
    ];
    seeds.map(|(which, table)| [&[which], table].concat()).into()
}
