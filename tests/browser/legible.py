"""What of a page's text cannot be read: what is cut off, and what lies on other text."""

ILLEGIBLE = """root => {
  const found = [], lines = [];
  const seen = node => node.checkVisibility({opacityProperty: true, visibilityProperty: true}) && !node.closest(
    '.rnb-sr, .rnb-sr-label > .widget-label, .rnb-stage, .rnb-frames, [aria-hidden=true], option, style, script');
  const name = node => `${node.tagName.toLowerCase()}.${node.className} "${node.textContent.trim().slice(0, 40)}"`;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode, node = text.parentElement;
    if (!text.data.trim() || !seen(node)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const box of range.getClientRects()) {
      if (box.width < 2) continue;
      // a line's box is higher than its letters
      const {left, right, top, bottom, height} = box, inset = height * 0.15;
      const line = {node, left, right, top: top + inset, bottom: bottom - inset};
      for (let around = node; around && root.contains(around); around = around.parentElement) {
        const {overflowX, overflowY, textOverflow} = getComputedStyle(around), edge = around.getBoundingClientRect();
        const isOutside = line.top < edge.top - 1 || line.bottom > edge.bottom + 1;
        if (isOutside && overflowY !== 'visible' && overflowY !== 'auto')
          found.push(`cut off by ${around.className}: ${name(node)}`);
        if (overflowX !== 'visible' && overflowX !== 'auto') {
          if (textOverflow !== 'ellipsis' && (line.left < edge.left - 1 || line.right > edge.right + 1))
            found.push(`cut off at the side by ${around.className}: ${name(node)}`);
          line.left = Math.max(line.left, edge.left);
          line.right = Math.min(line.right, edge.right);
        }
      }
      const edge = root.getBoundingClientRect();
      if (line.left < edge.left - 1 || line.right > edge.right + 1) found.push(`beyond the edge: ${name(node)}`);
      lines.push(line);
    }
  }
  for (const button of root.querySelectorAll('button'))
    if (seen(button) && button.scrollHeight > button.clientHeight + 1) found.push(`too low: ${name(button)}`);
  for (const field of root.querySelectorAll('input, select, textarea')) {
    if (/checkbox|radio|range|file/.test(field.type) || !seen(field)) continue;
    const {fontSize} = getComputedStyle(field);
    if (field.clientHeight < 1.15 * parseFloat(fontSize)) found.push(`too low: ${name(field)}`);
    const {left, right, top, bottom} = field.getBoundingClientRect();
    lines.push({node: field, left, right, top, bottom});
  }
  for (const [index, one] of lines.entries()) {
    for (const other of lines.slice(index + 1)) {
      if (one.node === other.node) continue;
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (across > 2 && down > 2) found.push(`${name(one.node)} on ${name(other.node)}`);
    }
  }
  return [...new Set(found)];
}"""
"""A function of an element."""
