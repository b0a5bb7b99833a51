//! Listing, making folders, removing.

use preau_proto::files::v1::file_service_client::FileServiceClient;
use preau_proto::files::v1::{CreateFolderRequest, DeleteNodeRequest, ListFolderRequest, Node};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::remote::RemoteName;
use super::spaces::{folder_id, node, space_id, spaces};
use crate::client::{Gateway, failure, retry};
use crate::failure::Failure;

/// One line a space: its id, then its name as remote names write it.
pub(crate) async fn list_spaces(gateway: &Gateway) -> Result<String, Failure> {
    let spaces = spaces(gateway).await?;
    Ok(spaces
        .iter()
        .map(|space| format!("{}  {}:/\n", space.space_id, space.name))
        .collect())
}

/// One line a child, or the one line of a file.
pub(crate) async fn list(gateway: &Gateway, remote: &RemoteName) -> Result<String, Failure> {
    let space = space_id(gateway, remote).await?;
    let folder = if remote.is_root() {
        String::new()
    } else {
        let node = node(gateway, &space, remote).await?;
        if node.content.is_some() {
            return Ok(line(&node));
        }
        node.node_id
    };
    let mut lines = String::new();
    let mut page_token = String::new();
    loop {
        let request = ListFolderRequest {
            space_id: space.clone(),
            folder_id: folder.clone(),
            page_size: 200,
            page_token,
        };
        let page = retry(|| async {
            let mut client = FileServiceClient::new(gateway.channel.clone());
            client.list_folder(gateway.request(request.clone())).await
        })
        .await
        .map_err(|status| failure("cannot list", remote, &status))?
        .into_inner();
        lines.extend(page.nodes.iter().map(line));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(lines);
        }
    }
}

/// Size in bytes (`-` for a folder), time, name (a folder's with a slash).
fn line(node: &Node) -> String {
    let (size, slash) = match &node.content {
        Some(content) => (content.size.to_string(), ""),
        None => ("-".to_owned(), "/"),
    };
    let made = node
        .created_at
        .and_then(|at| OffsetDateTime::from_unix_timestamp(at.seconds).ok())
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_else(|| "-".to_owned());
    format!("{size:>14}  {made}  {}{slash}\n", node.name)
}

/// Makes one folder in a folder that exists.
pub(crate) async fn make_folder(gateway: &Gateway, remote: &RemoteName) -> Result<(), Failure> {
    let (Some(parent), Some(name)) = (remote.parent(), remote.name()) else {
        return Err(Failure::new(
            "a space's root exists already",
            remote,
            "name a folder in it",
        ));
    };
    let space_id = space_id(gateway, remote).await?;
    let parent_id = folder_id(gateway, &space_id, &parent).await?;
    let request = CreateFolderRequest {
        space_id,
        parent_id,
        name: name.to_owned(),
    };
    // Not retried: it may have been made, and a second try would say it exists.
    FileServiceClient::new(gateway.channel.clone())
        .create_folder(gateway.request(request))
        .await
        .map_err(|status| failure("cannot make the folder", remote, &status))?;
    Ok(())
}

/// Removes a file, or a folder.
pub(crate) async fn remove(gateway: &Gateway, remote: &RemoteName) -> Result<(), Failure> {
    if remote.is_root() {
        return Err(Failure::new(
            "a space is not removed by hand",
            remote,
            "name a file or a folder in it",
        ));
    }
    let space_id = space_id(gateway, remote).await?;
    let node = node(gateway, &space_id, remote).await?;
    if remote.folder && node.content.is_some() {
        return Err(Failure::new(
            "not a folder",
            remote,
            "write the name without the slash at its end",
        ));
    }
    let request = DeleteNodeRequest {
        space_id,
        node_id: node.node_id,
    };
    retry(|| async {
        let mut client = FileServiceClient::new(gateway.channel.clone());
        client.delete_node(gateway.request(request.clone())).await
    })
    .await
    .map_err(|status| failure("cannot remove", remote, &status))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_proto::files::v1::FileContent;

    #[test]
    fn lines_tell_files_from_folders() {
        let mut node = Node {
            name: "plan.pdf".into(),
            content: Some(FileContent {
                size: 12,
                blake3: vec![],
            }),
            created_at: Some(prost_types::Timestamp {
                seconds: 0,
                nanos: 0,
            }),
            ..Node::default()
        };
        assert_eq!(
            line(&node),
            "            12  1970-01-01T00:00:00Z  plan.pdf\n"
        );
        node.content = None;
        assert_eq!(
            line(&node),
            "             -  1970-01-01T00:00:00Z  plan.pdf/\n"
        );
    }
}
