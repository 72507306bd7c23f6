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
---@field edits table<'task'|'both', lsp.WorkspaceEdit> what each choice makes of it
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

local function key(file, hunk, seen)
  local said = vim.json.encode({
    file.path,
    file.kind,
    file.target or '',
    hunk and { hunk.conflict, hunk.base, hunk.task, hunk.person }
      or { file.objection, file.text or '', file.now },
  })
  seen[said] = (seen[said] or 0) + 1
  return said .. seen[said]
end

--- Return all that is to be decided, in the order of files and lines.
---@param result table
---@return spark.Proposed[]
function M.read(result)
  local found, seen = {}, {}
  for _, file in ipairs(result.files) do
    local objection = file.objection ~= ''
    if file.kind ~= 'changed' or objection then
      found[#found + 1] = {
        key = key(file, nil, seen),
        file = file,
        first = 0,
        conflict = objection,
        edits = file.edits or {},
      }
    end
    for _, hunk in ipairs(file.hunks) do
      found[#found + 1] = {
        key = key(file, hunk, seen),
        file = file,
        hunk = hunk,
        first = hunk.line,
        conflict = hunk.conflict,
        edits = hunk.edits,
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

--- Return what is done with a file as such by the task's side of a change, if anything is.
---@param change spark.Proposed
---@return table?
local function operation(change)
  return vim.iter(change.edits.task and change.edits.task.documentChanges or {}):find(function(part)
    return part.kind ~= nil
  end)
end

--- Return the file that would be made, if one would.
---@param change spark.Proposed
---@return string? uri
function M.made(change)
  local done = operation(change)
  return done and done.kind == 'create' and done.uri or nil
end

--- Say what taking the task's side of an objection would do.
---@param change spark.Proposed
---@return string
function M.outcome(change)
  local done = operation(change)
  if not done then
    return 'It cannot be taken.'
  elseif done.kind == 'delete' then
    return 'Taking it removes the file, with what you have in it.'
  elseif done.kind == 'create' then
    return ('Taking it makes %s anew, as the task has it.'):format(
      change.file.target or change.file.path
    )
  end
  return ('Taking it renames the file to %s.'):format(change.file.target)
end

--- Say in a line what is to be decided.
---@param change spark.Proposed
---@return string
function M.label(change)
  local what = change.file.objection
  if change.hunk then
    what = change.conflict
        and (change.hunk.veiled and 'conflict: its asterisks may cover a secret' or 'conflict: you have changed this too')
      or 'change'
  elseif what == '' then
    what = DONE[change.file.kind] .. (change.file.target or '')
  else
    what = what:gsub('%.$', '') .. '. ' .. M.outcome(change):gsub('%.$', '')
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
      local done = operation(change)
      local shown = change.choice == 'task' or not (change.choice or change.conflict)
      if done and shown and done.kind == 'delete' then
        return {}, {}
      elseif done and shown and done.kind == 'create' then
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

--- Return what the taken changes are as one edit: what is done with a file as such comes behind
--- what is done with its text, whose versions are those that the server knows.
---@param changes spark.Proposed[]
---@return lsp.WorkspaceEdit
function M.edit(changes)
  local order, texts, files, made = {}, {}, {}, {}
  for _, change in ipairs(M.taken(changes)) do
    local uri = change.file.uri
    if not files[uri] then
      files[uri] = {}
      order[#order + 1] = uri
    end
    local new = M.made(change)
    if new then
      made[new] = true
    end
    for _, part in ipairs(vim.deepcopy(change.edits[change.choice].documentChanges)) do
      if not change.hunk then
        table.insert(files[uri], part)
      elseif texts[uri] then
        vim.list_extend(texts[uri].edits, part.edits)
      else
        texts[uri] = part
      end
    end
  end
  local all = {}
  for _, uri in ipairs(order) do
    all[#all + 1] = texts[uri]
    vim.list_extend(all, files[uri])
  end
  for _, part in ipairs(all) do
    for _, edit in ipairs(part.edits and made[part.textDocument.uri] and part.edits or {}) do
      -- An empty buffer has a line already, whose end is written with it.
      edit.newText = edit.newText:gsub('\r?\n$', '')
    end
  end
  return { documentChanges = all }
end

return M
