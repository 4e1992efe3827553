// Where the words of a box stand, which the drawing writes and the path goes around.

extension DiagramLayout {
  /// Beside the gutters in boxes that are as wide as the lane.
  func wordArea(of id: ElementID) -> Rect {
    guard let frame = frames[id] else { return Rect(x: 0, y: 0, width: 0, height: 0) }
    let isWide = diagram.hasPath && id.node != nil && frame.width > Self.laneGap * 16
    var area = frame.inset(isWide ? 36 : 10, 0)
    // At the left of a wire, so that paths come down beside its words.
    if case .wire = id { area.width = min(area.width, 230) }
    return area
  }

  /// Nil where title and detail do not fit side by side, or leave a path no way in.
  func detailRoom(_ box: DiagramBox) -> Double? {
    if diagram.hasPath, let frame = frames[box.id], frame.width < 200 { return nil }
    let room = wordArea(of: box.id).width - SVG.width(of: box.title, size: 12) - 12
    return SVG.width(of: box.detail, size: 10.5) <= room ? room : nil
  }

  /// The stretches that title and detail take.
  func words(in id: ElementID) -> [ClosedRange<Double>] {
    guard let box = diagram.box(id) else { return [] }
    let area = wordArea(of: id)
    let title = min(area.width, SVG.width(of: box.title, size: 12))
    var stretches = [area.x - 4...area.x + title + 4]
    if !box.detail.isEmpty, detailRoom(box) != nil {
      let detail = SVG.width(of: box.detail, size: 10.5)
      stretches.append(area.maxX - detail - 4...area.maxX + 4)
    }
    return stretches
  }
}
