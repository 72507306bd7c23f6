-- Edits as a person sees them before they are made: what goes is marked, what comes stands beside.
--
-- Owns how they are drawn and how they are made, in one undo step. The buffer is as it was until
-- the person keeps them, so there is nothing to take back if anything goes wrong.

local server = require('spark.server')

local M = {}

---@class spark.Change an edit in bytes of a buffer
---@field first integer
---@field column integer
---@field last integer
---@field stop integer
---@field text string

--- Return edits in the order of the text, those on the same or neighbouring lines together.
---@return spark.Change[][]
local function clusters(bufnr, client, edits)
  local changes = vim.tbl_map(function(edit)
    local first, last = edit.range.start, edit.range['end']
    return {
      first = first.line,
      column = server.column(bufnr, client, first),
      last = last.line,
      stop = server.column(bufnr, client, last),
      text = (edit.newText:gsub('\r\n?', '\n')),
    }
  end, edits)
  table.sort(changes, function(one, other)
    return one.first < other.first or (one.first == other.first and one.column < other.column)
  end)
  local found = {}
  for _, change in ipairs(changes) do
    local cluster = found[#found]
    if cluster and change.first <= cluster[#cluster].last + 1 then
      table.insert(cluster, change)
    else
      found[#found + 1] = { change }
    end
  end
  return found
end

--- Return the lines that the lines of a cluster will be.
local function after(bufnr, cluster)
  local first, last = cluster[1].first, cluster[#cluster].last
  local lines = vim.api.nvim_buf_get_lines(bufnr, first, last + 1, false)
  local text, row, column = {}, 0, 0
  local function copy(to_row, to_column)
    while row < to_row do
      text[#text + 1] = (lines[row + 1] or ''):sub(column + 1) .. '\n'
      row, column = row + 1, 0
    end
    text[#text + 1] = (lines[row + 1] or ''):sub(column + 1, to_column)
    column = to_column
  end
  for _, change in ipairs(cluster) do
    copy(change.first - first, change.column)
    text[#text + 1] = change.text
    row, column = change.last - first, change.stop
  end
  copy(last - first, #(lines[last - first + 1] or ''))
  return vim.split(table.concat(text), '\n', { plain = true })
end

--- Draw edits of a buffer.
---@param space integer the namespace that they are drawn in
---@param bufnr integer
---@param edits lsp.TextEdit[]
---@param group? string how what comes looks
function M.draw(space, bufnr, edits, group)
  local client = server.client(bufnr)
  vim.api.nvim_buf_clear_namespace(bufnr, space, 0, -1)
  if not client then
    return
  end
  for _, cluster in ipairs(clusters(bufnr, client, edits)) do
    local one = #cluster == 1 and cluster[1].first == cluster[1].last
    local beside = one and not cluster[1].text:find('\n', 1, true)
    for _, change in ipairs(cluster) do
      vim.api.nvim_buf_set_extmark(bufnr, space, change.first, change.column, {
        end_row = change.last,
        end_col = change.stop,
        hl_group = 'SparkDelete',
        strict = false,
      })
    end
    local last = cluster[#cluster]
    local mark = { strict = false }
    if beside then
      mark.virt_text = { { last.text, group or 'SparkAdd' } }
      mark.virt_text_pos = 'inline'
    else
      mark.virt_lines = vim.tbl_map(function(line)
        return { { line == '' and ' ' or line, group or 'SparkAdd' } }
      end, after(bufnr, cluster))
    end
    vim.api.nvim_buf_set_extmark(bufnr, space, last.last, last.stop, mark)
  end
end

--- Make edits of a buffer, as one step for undo.
---@param bufnr integer
---@param edits lsp.TextEdit[]
function M.apply(bufnr, edits)
  local client = server.client(bufnr)
  vim.go.undolevels = vim.go.undolevels
  vim.lsp.util.apply_text_edits(edits, bufnr, client and client.offset_encoding or 'utf-8')
  vim.go.undolevels = vim.go.undolevels
end

return M
