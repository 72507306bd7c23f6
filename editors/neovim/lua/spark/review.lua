-- What a task has done, as the person decides about it: listed, shown, taken or left, and applied.
--
-- Owns the review that is open, and its quickfix list. What is applied is asked for anew directly
-- before: if something else is proposed by then, since the person has gone on typing, it is shown
-- anew instead. Nothing that the server has not seen is written over.

local panes = require('spark.panes')
local proposal = require('spark.proposal')
local server = require('spark.server')
local tasks = require('spark.tasks')

local M = {}

local TRIES = 5

---@class spark.Review
---@field id string the task
---@field changes spark.Proposed[]
---@field list integer the quickfix list
---@field order integer[] the numbers of changes as they are listed
---@field summary string what the task says of it
---@field left string[] what is not offered, a sentence each

---@type spark.Review?
local open
---@type table<string, spark.Proposed[]> what has been decided of tasks that are not applied yet
local kept = {}

local MARKS = { task = '[+] ', both = '[+] ', leave = '[-] ' }

local function some(count, what)
  return ('%d %s%s'):format(count, what, count == 1 and '' or 's')
end

local function item(change, number)
  local person = panes.person(change.file)
  return {
    bufnr = person or panes.merged(change.file),
    lnum = person and change.first + 1 or 1,
    type = change.conflict and 'W' or 'I',
    text = (MARKS[change.choice] or '[ ] ') .. proposal.label(change),
    user_data = number,
  }
end

--- Write the quickfix list: conflicts first, then all else, each in the order of files and lines.
local function list(it, index)
  local items, order = {}, {}
  for _, conflict in ipairs({ true, false }) do
    for number, change in ipairs(it.changes) do
      if change.conflict == conflict then
        items[#items + 1] = item(change, number)
        order[#order + 1] = number
      end
    end
  end
  it.order = order
  local objections = {}
  for _, change in ipairs(it.changes) do
    objections[change.file.objection] = true
  end
  for _, sentence in ipairs(it.left) do
    if not objections[sentence] then -- else it is listed as what can be decided
      items[#items + 1] = { text = sentence, type = 'W', valid = 0 }
    end
  end
  local task = tasks.get(it.id)
  local named = task and tasks.title(task) or it.id
  local what = {
    title = 'Spark: ' .. (it.summary ~= '' and it.summary or named),
    items = items,
    id = it.list,
    idx = index or 1,
  }
  if it.list then
    vim.fn.setqflist({}, 'r', what)
  else
    vim.fn.setqflist({}, ' ', what)
    it.list = vim.fn.getqflist({ id = 0 }).id
  end
end

--- Have the server follow the texts of all files that are proposed to be changed.
local function follow(changes, client)
  for _, change in ipairs(changes) do
    local person = panes.person(change.file)
    if person then
      vim.fn.bufload(person)
      vim.lsp.buf_attach_client(person, client.id)
    end
  end
end

--- Ask for what a task has done, against what the person has by now.
local function fetch(id, done)
  tasks.flush(tasks.client(id))
  tasks.ask('result', { taskId = id }, function(result, client)
    done(proposal.read(result), result, client)
  end)
end

--- Open the review of a task, of the newest that is over if none is named.
---@param id? string
function M.start(id)
  if not id then
    local task = vim.iter(tasks.all()):find(function(it)
      return not it.alive
    end)
    if not task then
      server.say('there is no task that is over: see :Spark tasks')
      return
    end
    id = task.taskId
  end
  fetch(id, function(changes, result, client)
    M.close()
    if #changes == 0 then
      local why = result.left[1] or 'the task has changed nothing that you do not have already'
      server.say(why)
      return
    end
    if kept[id] and proposal.same(kept[id], changes) then
      proposal.carry(kept[id], changes)
    end
    kept[id] = changes
    follow(changes, client)
    local it = { id = id, changes = changes, summary = result.summary, left = result.left }
    list(it)
    open = it
    panes.open(changes, function()
      open = nil
    end)
    panes.show(changes[it.order[1]])
  end)
end

--- Whether there is one.
---@return boolean
function M.active()
  return open ~= nil
end

--- Close it; what was decided is there again with the next one of the same result.
function M.close()
  open = nil
  panes.close()
end

--- Forget what was decided of a task.
---@param id string
function M.forget(id)
  kept[id] = nil
end

--- Return the change at the cursor, in the list or beside it, and where it is listed.
local function here(it)
  local change = panes.at()
  if vim.bo.buftype == 'quickfix' and vim.fn.getqflist({ id = 0 }).id == it.list then
    change = it.changes[it.order[vim.fn.line('.')]]
  end
  for index, number in ipairs(it.order) do
    if it.changes[number] == change then
      return change, index
    end
  end
end

--- Go to the next change that is not decided, if there is one.
local function go_on(it, index)
  for step = 1, #it.order do
    local at = (index + step - 1) % #it.order + 1
    local change = it.changes[it.order[at]]
    if not change.choice then
      list(it, at)
      panes.show(change)
      return
    end
  end
  list(it, index)
  panes.draw()
end

local function decide_all(it, choice)
  for _, change in ipairs(it.changes) do
    if not change.choice and (choice == 'leave' or (change.edits.task and not change.conflict)) then
      change.choice = choice
    end
  end
end

--- Decide about the change at the cursor, or all that are not decided and do not conflict.
---@param choice 'task'|'both'|'leave'
---@param all? boolean
function M.decide(choice, all)
  local it = open
  if not it then
    server.say('there is no review: open one with :Spark review')
    return
  end
  if all then
    decide_all(it, choice)
    list(it)
    panes.draw()
    return
  end
  local change, index = here(it)
  if not change then
    server.say('there is no change at the cursor')
  elseif choice ~= 'leave' and not change.edits.task then
    server.say('that is left to you: see what is said of it', vim.log.levels.WARN)
  elseif choice == 'both' and change.conflict and not change.edits.both then
    server.say('only one of both can be: take it, or leave it', vim.log.levels.WARN)
  else
    change.choice = (choice == 'both' and not change.conflict) and 'task' or choice
    go_on(it, index)
  end
end

--- Return the buffer of a document, if it is loaded.
local function loaded(uri)
  local bufnr = proposal.buffer(uri)
  return bufnr and vim.api.nvim_buf_is_loaded(bufnr) and bufnr or nil
end

--- Whether a place is free for a file.
local function free(uri)
  local bufnr = loaded(uri)
  return not vim.uv.fs_stat(vim.uri_to_fname(uri))
    and (not bufnr or vim.deep_equal(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), { '' }))
end

--- Return whether each text is the one that an edit is for, and else what is to be done about it.
local function unsafe(it, edit)
  for _, change in ipairs(proposal.taken(it.changes)) do
    local bufnr = loaded(change.file.uri)
    if change.hunk then
      local lines = bufnr and vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
      if not lines or not proposal.fits(lines, change) then
        return change.file.path .. ' is not what the server knows'
      elseif not vim.bo[bufnr].modifiable then
        return change.file.path .. ' cannot be modified'
      end
    end
  end
  for _, part in ipairs(edit.documentChanges) do
    local target = part.kind == 'create' and part.uri or part.newUri
    local name = vim.fs.basename(vim.uri_to_fname(target or part.uri or part.textDocument.uri))
    if target and not free(target) then
      return name .. ' is there already'
    elseif part.kind == 'delete' and loaded(part.uri) and vim.bo[loaded(part.uri)].modified then
      return name .. ' would be removed: write it first'
    end
  end
end

--- Whether all that was typed was known to the server when it made an edit.
local function current(edit)
  return vim.iter(edit.documentChanges):all(function(part)
    local version = part.textDocument and part.textDocument.version or vim.NIL
    if version == vim.NIL then
      return true
    end
    return vim.lsp.util.buf_versions[vim.uri_to_bufnr(part.textDocument.uri)] == version
  end)
end

--- Return what the buffers of files are at now: it tells whether somebody has typed meanwhile.
local function ticks(changes)
  local found = {}
  for _, change in ipairs(changes) do
    local bufnr = loaded(change.file.uri)
    found[change.file.uri] = bufnr and vim.api.nvim_buf_get_changedtick(bufnr)
  end
  return found
end

--- Begin a new step of undo in each buffer that an edit is for.
local function step(edit)
  for _, part in ipairs(edit.documentChanges) do
    local bufnr = part.textDocument and loaded(part.textDocument.uri)
    if bufnr then
      vim.api.nvim_buf_call(bufnr, function()
        vim.go.undolevels = vim.go.undolevels
      end)
    end
  end
end

--- Say what has come of it, and list what is left.
local function tell(it, count)
  fetch(it.id, function(rest)
    local made = some(count, 'change') .. (count == 1 and ' is made' or ' are made')
    it.changes = rest
    if #rest == 0 then
      vim.fn.setqflist({}, 'r', { id = it.list, items = {} })
      server.say(made .. ', nothing is left')
    else
      list(it)
      server.say(('%s, %d left: :Spark review'):format(made, #rest))
    end
  end)
end

local function apply(it, edit, client)
  local count = #proposal.taken(it.changes)
  M.close()
  step(edit)
  local made, problem = pcall(vim.lsp.util.apply_workspace_edit, edit, client.offset_encoding)
  step(edit)
  if not made then
    server.say('not all could be applied: ' .. problem, vim.log.levels.ERROR)
    return
  end
  M.forget(it.id)
  for _, change in ipairs(proposal.taken(it.changes)) do
    local made = proposal.made(change)
    local bufnr = made and loaded(made)
    if bufnr then
      vim.bo[bufnr].fileformat = change.file.text:find('\r\n', 1, true) and 'dos' or 'unix'
      vim.lsp.buf_attach_client(bufnr, client.id)
    end
  end
  tell(it, count)
end

local function attempt(it, tries)
  local before = it.changes
  local at = ticks(before)
  fetch(it.id, function(fresh, result, client)
    if open ~= it then
      return
    end
    it.left = result.left
    proposal.carry(before, fresh)
    it.changes, kept[it.id] = fresh, fresh
    panes.renew(fresh)
    if not proposal.same(before, fresh) then
      follow(fresh, client)
      list(it)
      if #fresh > 0 then
        panes.show(fresh[it.order[1]])
      end
      server.say('something else is proposed now: look again', vim.log.levels.WARN)
      return
    end
    local edit = proposal.edit(fresh)
    local still = current(edit) and vim.deep_equal(at, ticks(before))
    if not still and tries > 1 then
      attempt(it, tries - 1)
      return
    end
    local problem = not still and 'the text is changing: say it again' or unsafe(it, edit)
    if problem then
      panes.draw()
      server.say('nothing is applied: ' .. problem, vim.log.levels.WARN)
    else
      apply(it, edit, client)
    end
  end)
end

--- Apply what was taken; with `all`, take before what is not decided and does not conflict.
---@param all? boolean
function M.accept(all)
  local it = open
  if not it then
    return
  end
  if all then
    decide_all(it, 'task')
  end
  if #proposal.taken(it.changes) == 0 then
    server.say('nothing is taken: say :Spark take, or :Spark accept all')
    return
  end
  attempt(it, TRIES)
end

return M
