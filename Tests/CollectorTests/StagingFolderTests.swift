// Captures appear whole or not at all.
import Foundation
import Testing

@testable import Collector

@Suite struct StagingFolderTests {
  @Test func itAppearsWithCommitOnly() throws {
    let scratch = try ScratchFolder()
    do {
      let staging = try StagingFolder(beside: scratch.file("captures"))
      try Data("x".utf8).write(to: URL(filePath: staging.path + "/file"))
    }
    #expect(scratch.names() == [])
    do {
      let staging = try StagingFolder(beside: scratch.file("captures"))
      try Data("x".utf8).write(to: URL(filePath: staging.path + "/file"))
      try staging.commit()
    }
    #expect(scratch.everything() == ["captures/file": "x"])
  }

  @Test func whatAKilledProcessLeftIsRemovedAndWhatRunsIsNot() throws {
    let scratch = try ScratchFolder()
    try scratch.write("old", ".captures.partial-abcdef/n1/file")
    let first = try StagingFolder(beside: scratch.file("captures"))
    #expect(scratch.names().count == 1)
    let second = try StagingFolder(beside: scratch.file("captures"))
    #expect(scratch.names().count == 2)
    #expect(first.path != second.path)
  }

  @Test func whatIsThereStays() throws {
    let scratch = try ScratchFolder()
    try scratch.write("x", "captures/n1/file")
    try scratch.write("x", "plain")
    let path = scratch.file("captures")
    #expect(
      throws: CollectionError("\(path): is not empty, so it stays as it is: wanted a new folder")
    ) {
      try StagingFolder.checkTarget(path)
    }
    let plain = scratch.file("plain")
    #expect(throws: CollectionError("\(plain): is there and is no folder: wanted a new folder")) {
      try StagingFolder.checkTarget(plain)
    }
    try StagingFolder.checkTarget(scratch.file("new"))
  }
}
