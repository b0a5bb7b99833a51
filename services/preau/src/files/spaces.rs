//! From a remote name to ids.

use preau_proto::files::v1::file_service_client::FileServiceClient;
use preau_proto::files::v1::get_node_request::Which;
use preau_proto::files::v1::space_service_client::SpaceServiceClient;
use preau_proto::files::v1::{GetNodeRequest, ListSpacesRequest, Node, Space};
use tonic::{Code, Status};

use super::remote::RemoteName;
use crate::client::{Gateway, failure, retry};
use crate::failure::{Exit, Failure};

/// The caller's spaces.
pub(crate) async fn spaces(gateway: &Gateway) -> Result<Vec<Space>, Failure> {
    retry(|| async {
        let mut client = SpaceServiceClient::new(gateway.channel.clone());
        client
            .list_spaces(gateway.request(ListSpacesRequest {}))
            .await
    })
    .await
    .map(|answer| answer.into_inner().spaces)
    .map_err(|status| failure("cannot list your spaces", &gateway.url, &status))
}

/// The id of the space a remote name speaks of.
pub(crate) async fn space_id(gateway: &Gateway, remote: &RemoteName) -> Result<String, Failure> {
    choose(spaces(gateway).await?, &remote.space)
}

fn choose(spaces: Vec<Space>, wanted: &str) -> Result<String, Failure> {
    if spaces.iter().any(|space| space.space_id == wanted) {
        return Ok(wanted.to_owned());
    }
    let same = |space: &&Space| space.name == wanted;
    let alike = |space: &&Space| space.name.to_lowercase() == wanted.to_lowercase();
    let mut found: Vec<&Space> = spaces.iter().filter(same).collect();
    if found.is_empty() {
        found = spaces.iter().filter(alike).collect();
    }
    match found.as_slice() {
        [one] => Ok(one.space_id.clone()),
        [] => Err(Failure::new(
            "no such space among yours",
            wanted,
            "list them with `preau files ls`",
        )
        .exit(Exit::NotFound)),
        several => {
            let ids: Vec<&str> = several
                .iter()
                .map(|space| space.space_id.as_str())
                .collect();
            let remedy = format!("write one of the ids instead: {}", ids.join(", "));
            Err(Failure::new(
                "several of your spaces have this name",
                wanted,
                remedy,
            ))
        }
    }
}

/// The node at a path; nothing when there is none.
pub(crate) async fn find(
    gateway: &Gateway,
    space_id: &str,
    remote: &RemoteName,
) -> Result<Option<Node>, Failure> {
    match node_at(gateway, space_id, remote).await {
        Ok(node) => Ok(Some(node)),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(failure("cannot look up", remote, &status)),
    }
}

/// The node at a path that must exist.
pub(crate) async fn node(
    gateway: &Gateway,
    space_id: &str,
    remote: &RemoteName,
) -> Result<Node, Failure> {
    find(gateway, space_id, remote).await?.ok_or_else(|| {
        Failure::new(
            "no such file or folder",
            remote,
            "check the name with `preau files ls`",
        )
        .exit(Exit::NotFound)
    })
}

/// The id of the folder at a path; empty for the root.
pub(crate) async fn folder_id(
    gateway: &Gateway,
    space_id: &str,
    remote: &RemoteName,
) -> Result<String, Failure> {
    if remote.is_root() {
        return Ok(String::new());
    }
    let node = node(gateway, space_id, remote).await?;
    if node.content.is_some() {
        return Err(Failure::new("not a folder", remote, "name a folder"));
    }
    Ok(node.node_id)
}

async fn node_at(gateway: &Gateway, space_id: &str, remote: &RemoteName) -> Result<Node, Status> {
    let answer = retry(|| async {
        let mut client = FileServiceClient::new(gateway.channel.clone());
        let request = GetNodeRequest {
            space_id: space_id.to_owned(),
            which: Some(Which::Path(remote.path())),
        };
        client.get_node(gateway.request(request)).await
    })
    .await?;
    answer
        .into_inner()
        .node
        .ok_or_else(|| Status::internal("the server answered without a node"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(id: &str, name: &str) -> Space {
        Space {
            space_id: id.into(),
            name: name.into(),
            ..Space::default()
        }
    }

    #[test]
    fn a_space_is_found_by_id_by_name_and_by_name_in_another_case() {
        let spaces = || vec![space("1", "2de A"), space("2", "2de B")];
        assert_eq!(choose(spaces(), "2"), Ok("2".into()));
        assert_eq!(choose(spaces(), "2de A"), Ok("1".into()));
        assert_eq!(choose(spaces(), "2DE b"), Ok("2".into()));
    }

    #[test]
    fn an_ambiguous_name_lists_the_ids() {
        let spaces = vec![
            space("1", "2de A"),
            space("2", "2de A"),
            space("3", "2DE A"),
        ];
        let failure = choose(spaces, "2de A").expect_err("ambiguous");
        assert!(
            failure
                .to_string()
                .ends_with("write one of the ids instead: 1, 2")
        );
    }

    #[test]
    fn an_unknown_space_is_not_found() {
        assert_eq!(
            choose(vec![], "2de A").expect_err("unknown").code(),
            Exit::NotFound
        );
    }
}
