-- What a task proposes, change by change, and the edit that the person's choices make of it.
--
-- Owns the reading of `spark/task/result` and the writing of the edit. Rows count from 0. What is
-- shown, and when it is applied, is left to `panes` and `review`.

local M = {}

---@class spark.Proposed one thing to decide
---@field key string the same in a later result that proposes the same
---@field file table as the server tells it
---@field hunk? table as the server tells it; nil for what is done with the file as a whole
---@field first integer the row of the person's text where the hunk begins
---@field conflict boolean
---@field takable boolean
---@field edit? lsp.TextEdit what the server would do with the text
---@field document? table the document of it, with the version that it is for
---@field parts table[] what is done with the file
---@field choice? 'task'|'both'|'leave'

local DONE = { added = 'new file', removed = 'remove the file', renamed = 'rename to ' }

--- Return a text in lines, whatever its line ends are.
---@param text string
---@return string[]
function M.lines(text)
  local lines = vim.split(text:gsub('\r\n?', '\n'), '\n', { plain = true })
  if lines[#lines] == '' then
    table.remove(lines)
  end
  return lines
end

--- Return the buffer of a document, if there is one already.
---@param uri string
---@return integer?
function M.buffer(uri)
  local name = vim.fs.normalize(vim.uri_to_fname(uri))
  return vim.iter(vim.api.nvim_list_bufs()):find(function(bufnr)
    return vim.fs.normalize(vim.api.nvim_buf_get_name(bufnr)) == name
  end)
end

--- Return the parts of an edit by the document that they are about: texts, and files as such.
local function parts(edit)
  local texts, files = {}, {}
  for _, part in ipairs(edit.documentChanges or {}) do
    local uri = part.kind and (part.oldUri or part.uri) or part.textDocument.uri
    if part.kind then
      files[uri] = { part }
    elseif files[uri] then
      table.insert(files[uri], part) -- what a new file holds
    else
      texts[uri] = part -- the last: that of an objection, which edits nothing, comes before
    end
  end
  return texts, files
end

local function key(file, hunk, seen)
  local said = vim.json.encode({
    file.path,
    file.kind,
    file.target or '',
    hunk and { hunk.conflict, hunk.base, hunk.task, hunk.person }
      or { file.objection, file.text or '' },
  })
  seen[said] = (seen[said] or 0) + 1
  return said .. seen[said]
end

--- Return all that is to be decided, in the order of files and lines.
---@param result table
---@return spark.Proposed[]
function M.read(result)
  local texts, files = parts(result.edit)
  local found, seen = {}, {}
  for _, file in ipairs(result.files) do
    local objection = file.objection ~= ''
    if file.kind ~= 'changed' or objection then
      found[#found + 1] = {
        key = key(file, nil, seen),
        file = file,
        first = 0,
        conflict = objection,
        takable = not objection and files[file.uri] ~= nil,
        parts = files[file.uri] or {},
      }
    end
    local text = texts[file.uri]
    for number, hunk in ipairs(file.hunks) do
      local edit = text and #text.edits == #file.hunks and text.edits[number]
      -- What comes behind a last line without an end begins at the end of that line.
      local behind = edit and edit.range.start.character > 0
      found[#found + 1] = {
        key = key(file, hunk, seen),
        file = file,
        hunk = hunk,
        first = hunk.line + (behind and 1 or 0),
        conflict = hunk.conflict,
        takable = edit and true or false,
        edit = edit or nil,
        document = text and text.textDocument,
        parts = {},
      }
    end
  end
  return found
end

--- Whether two results propose the same, wherever the lines of it are by now.
---@param one spark.Proposed[]
---@param other spark.Proposed[]
---@return boolean
function M.same(one, other)
  local function keys(changes)
    return vim.tbl_map(function(change)
      return change.key
    end, changes)
  end
  return vim.deep_equal(keys(one), keys(other))
end

--- Carry what has been decided over to a later result.
---@param before spark.Proposed[]
---@param now spark.Proposed[]
function M.carry(before, now)
  local choices = {}
  for _, change in ipairs(before) do
    choices[change.key] = change.choice
  end
  for _, change in ipairs(now) do
    change.choice = choices[change.key]
  end
end

--- Say in a line what is to be decided.
---@param change spark.Proposed
---@return string
function M.label(change)
  local what = change.file.objection
  if change.hunk then
    what = change.conflict and 'conflict: you have changed this too' or 'change'
  elseif what == '' then
    what = DONE[change.file.kind] .. (change.file.target or '')
  end
  local reason = change.hunk and change.hunk.reason or change.file.reason
  return reason ~= '' and ('%s. %s'):format(what, reason) or what
end

--- Whether the text in a buffer is the one that a hunk was made for.
---@param lines string[]
---@param change spark.Proposed
---@return boolean
function M.fits(lines, change)
  local person = change.hunk.person
  local there = vim.list_slice(lines, change.first + 1, change.first + #person)
  return change.first <= #lines and vim.deep_equal(there, person)
end

--- Return the lines that a file will have, and the rows that each of its changes has there.
---@param lines string[] the person's
---@param changes spark.Proposed[] those of the file
---@return string[], table<spark.Proposed, { [1]: integer, [2]: integer }>
function M.merged(lines, changes)
  local out, spans, row = {}, {}, 0
  for _, change in ipairs(changes) do
    local left = change.choice == 'leave'
    if not change.hunk then
      if change.takable and not left and change.file.kind == 'removed' then
        return {}, {}
      elseif change.takable and not left and change.file.kind == 'added' then
        return M.lines(change.file.text), {}
      end
    elseif M.fits(lines, change) then
      vim.list_extend(out, lines, row + 1, change.first)
      local begin = #out
      if left or change.choice == 'both' or (change.conflict and not change.choice) then
        vim.list_extend(out, change.hunk.person)
      end
      if change.choice or not change.conflict then
        vim.list_extend(out, left and {} or change.hunk.task)
      end
      spans[change] = { begin, #out }
      row = change.first + #change.hunk.person
    end
  end
  vim.list_extend(out, lines, row + 1)
  return out, spans
end

local function taken(change)
  return change.choice == 'task' or change.choice == 'both'
end

--- Return the changes that were taken.
---@param changes spark.Proposed[]
---@return spark.Proposed[]
function M.taken(changes)
  return vim.tbl_filter(taken, changes)
end

--- Return what the taken changes are as one edit, without notes: they have been confirmed.
---@param changes spark.Proposed[]
---@return lsp.WorkspaceEdit
function M.edit(changes)
  local texts, files, order = {}, {}, {}
  for _, change in ipairs(M.taken(changes)) do
    local uri = change.file.uri
    if not texts[uri] then
      texts[uri], files[uri] = {}, {}
      order[#order + 1] = uri
    end
    if not change.hunk then
      files[uri] = vim.deepcopy(change.parts)
    elseif change.conflict then
      local decided = change.hunk.edits[change.choice].documentChanges[1]
      vim.list_extend(texts[uri], vim.deepcopy(decided.edits))
    else
      table.insert(texts[uri], vim.deepcopy(change.edit))
    end
    texts[uri].document = texts[uri].document or change.document
  end
  local all = {}
  for _, uri in ipairs(order) do
    local document = texts[uri].document
    texts[uri].document = nil
    if #texts[uri] > 0 then
      all[#all + 1] = { textDocument = document, edits = texts[uri] }
    end
    vim.list_extend(all, files[uri])
  end
  local created = {}
  for _, part in ipairs(all) do
    part.annotationId = nil
    if part.kind == 'create' then
      created[part.uri] = true
    end
    for _, edit in ipairs(part.edits or {}) do
      edit.annotationId = nil
      if created[part.textDocument.uri] then
        -- An empty buffer has a line already, whose end is written with it.
        edit.newText = edit.newText:gsub('\r?\n$', '')
      end
    end
  end
  return { documentChanges = all }
end

return M
