-- `:Spark`, its subcommands and how they are completed.

local options = require('spark.options')
local server = require('spark.server')

local M = {}

local function words(arguments)
  return table.concat(vim.list_slice(arguments.fargs, 2), ' ')
end

--- Call with what the person says, now or when asked.
local function instructed(arguments, prompt, act)
  local said = words(arguments)
  if said ~= '' then
    act(said)
    return
  end
  vim.ui.input({ prompt = prompt }, function(input)
    if input and input ~= '' then
      act(input)
    end
  end)
end

--- Show lines in a window beside the cursor.
local function float(lines, title)
  vim.lsp.util.open_floating_preview(
    lines,
    'text',
    { border = 'rounded', title = title, wrap = true }
  )
end

--- Run the server's own program and show what it says.
local function program(title, ...)
  local command = options.program(...)
  if not command then
    server.say('spark-lsp was not found: see :checkhealth spark', vim.log.levels.ERROR)
    return
  end
  vim.system(command, { text = true }, function(done)
    vim.schedule(function()
      local said = vim.trim(done.code == 0 and done.stdout or done.stderr)
      float(vim.split(said, '\n', { plain = true }), title)
    end)
  end)
end

local function pause(paused)
  require('spark.ghost').paused = paused
  require('spark.ghost').clear()
  vim.cmd.redrawstatus({ bang = true })
end

local function steered(said)
  local bufnr = vim.api.nvim_get_current_buf()
  local document = { uri = vim.uri_from_bufnr(bufnr) }
  server.request(
    bufnr,
    'spark/steer',
    { textDocument = document, instruction = said },
    function(_, err)
      if err then
        server.say(err.message, vim.log.levels.WARN)
      else
        require('spark.ghost').update()
      end
    end
  )
end

--- Show why there is, or is not, something at the cursor.
local function explained()
  local bufnr = vim.api.nvim_get_current_buf()
  local client = server.client(bufnr)
  if not client then
    server.say('no server is attached here: see :checkhealth spark', vim.log.levels.WARN)
    return
  end
  server.request(bufnr, 'spark/explain', {
    textDocument = { uri = vim.uri_from_bufnr(bufnr) },
    position = server.position(client),
  }, function(account, err)
    if err then
      server.say(err.message, vim.log.levels.WARN)
      return
    end
    local lines = { account.summary or '' }
    for _, name in ipairs(vim.fn.sort(vim.tbl_keys(account))) do
      if name ~= 'summary' and account[name] ~= vim.NIL then
        local value = account[name]
        local told = type(value) == 'table' and vim.json.encode(value) or tostring(value)
        lines[#lines + 1] = name .. ': ' .. told
      end
    end
    float(lines, 'Spark')
  end)
end

--- Return the task that is meant: the one at the cursor in the list, or the one that is named.
local function task_of(arguments)
  local tasks = require('spark.tasks')
  local named = tasks.get(arguments.fargs[2])
  if named then
    return named.taskId, table.concat(vim.list_slice(arguments.fargs, 3), ' ')
  end
  return require('spark.board').here(), words(arguments)
end

--- Return the names of tasks, to be completed.
local function names_of_tasks()
  return vim.tbl_map(function(task)
    return task.taskId
  end, require('spark.tasks').all())
end

--- Return the range that was given, if one was.
local function range(arguments)
  if (arguments.range or 0) > 0 then
    return arguments.line1, arguments.line2
  end
end

local function snoozed(minutes)
  pause(true)
  vim.defer_fn(function()
    pause(false)
  end, (tonumber(minutes) or 10) * 60000)
end

---@type table<string, { run: fun(arguments: table), choices?: string[]|fun(words: string[]): string[] }>
local SUBCOMMANDS = {
  accept = {
    choices = { 'word', 'line', 'all' },
    run = function(arguments)
      local review = require('spark.review')
      local inserting = vim.api.nvim_get_mode().mode:sub(1, 1) == 'i'
      if review.active() and not inserting then
        review.accept(arguments.fargs[2] == 'all')
      else
        require('spark').accept(arguments.fargs[2])
      end
    end,
  },
  dismiss = {
    run = function()
      return require('spark.ghost').dismiss() or require('spark.next').dismiss()
    end,
  },
  next = {
    run = function()
      require('spark.next').go()
    end,
  },
  edit = {
    run = function(arguments)
      local first, last = arguments.line1 or vim.fn.line('.'), arguments.line2 or vim.fn.line('.')
      instructed(arguments, 'What should it be? ', function(said)
        require('spark.edit').start(first - 1, last - 1, said)
      end)
    end,
  },
  keep = {
    run = function()
      if not require('spark.edit').keep() then
        server.say('there is no finished edit to keep')
      end
    end,
  },
  undo = {
    run = function()
      if not require('spark.edit').undo() then
        server.say('there is no edit to take back: u undoes one that was kept')
      end
    end,
  },
  task = {
    run = function(arguments)
      instructed(arguments, 'What is to be done? ', function(said)
        local first, last = range(arguments)
        require('spark.begin').task(said, first, last, arguments.bang)
      end)
    end,
  },
  finish = {
    choices = { 'since=' },
    run = function(arguments)
      local said = vim.list_slice(arguments.fargs, 2)
      local since = (said[1] or ''):match('^since=(.+)')
      if since then
        table.remove(said, 1)
      end
      require('spark.begin').finish(table.concat(said, ' '), since, arguments.bang)
    end,
  },
  tasks = {
    run = function()
      require('spark.board').show()
    end,
  },
  review = {
    choices = names_of_tasks,
    run = function(arguments)
      require('spark.review').start(arguments.fargs[2] or require('spark.board').here())
    end,
  },
  take = {
    choices = { 'all', 'both' },
    run = function(arguments)
      local what = arguments.fargs[2]
      require('spark.review').decide(what == 'both' and 'both' or 'task', what == 'all')
    end,
  },
  leave = {
    choices = { 'all' },
    run = function(arguments)
      require('spark.review').decide('leave', arguments.fargs[2] == 'all')
    end,
  },
  answer = {
    run = function()
      if not require('spark.asks').show() then
        server.say('nothing is asked')
      end
    end,
  },
  steer = {
    choices = names_of_tasks,
    run = function(arguments)
      local id, said = task_of(arguments)
      local turn = id and require('spark.tasks').turn(id)
      local rest = { fargs = { 'steer', said ~= '' and said or nil } }
      instructed(rest, 'What instead? ', function(instruction)
        if id then
          require('spark.tasks').steer(id, instruction, turn)
        else
          steered(instruction)
        end
      end)
    end,
  },
  interrupt = {
    choices = names_of_tasks,
    run = function(arguments)
      local id = task_of(arguments)
      if id then
        require('spark.tasks').ask('interrupt', { taskId = id })
        return
      end
      server.request(
        vim.api.nvim_get_current_buf(),
        'spark/interrupt',
        vim.empty_dict(),
        function() end
      )
    end,
  },
  explain = { run = explained },
  pause = {
    run = function()
      pause(true)
    end,
  },
  resume = {
    run = function()
      pause(false)
      require('spark.ghost').update()
    end,
  },
  snooze = {
    choices = { '5', '10', '30', '60' },
    run = function(arguments)
      snoozed(arguments.fargs[2])
    end,
  },
  model = {
    choices = function(words)
      return require('spark.models').choices(words)
    end,
    run = function(arguments)
      require('spark.models').switch(vim.list_slice(arguments.fargs, 2), arguments.bang)
    end,
  },
  context = {
    run = function()
      local row, column = unpack(vim.api.nvim_win_get_cursor(0))
      local characters = vim.fn.charidx(vim.api.nvim_get_current_line(), column)
      local name = vim.api.nvim_buf_get_name(0)
      local place = ('%s:%d:%d'):format(name, row, math.max(characters, 0) + 1)
      program('Context of the file on disk', 'context', place)
    end,
  },
  status = {
    run = function()
      local told = require('spark').statusline() .. ': ' .. server.status.message
      local switched = table.concat(require('spark.models').told(), ', ')
      server.say(switched ~= '' and ('%s (%s)'):format(told, switched) or told)
    end,
  },
  log = {
    run = function()
      vim.cmd.tabedit(vim.fn.fnameescape(vim.lsp.log.get_filename()))
    end,
  },
  restart = { run = server.restart },
  stats = {
    run = function()
      program('Spark', 'stats')
    end,
  },
}

--- Run what follows `:Spark`; `finish!` is `finish` with a bang.
---@param arguments table as of a user command
function M.run(arguments)
  local name, bang = arguments.fargs[1]:match('^(.-)(!?)$')
  local subcommand = SUBCOMMANDS[name]
  if subcommand then
    arguments.bang = arguments.bang or bang ~= ''
    subcommand.run(arguments)
  else
    local names = vim.fn.sort(vim.tbl_keys(SUBCOMMANDS))
    server.say('say one of ' .. table.concat(names, ', '), vim.log.levels.ERROR)
  end
end

--- Complete what stands behind `:Spark`.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local words = vim.split(line:sub(1, #line - #lead):match('Spark!?%s+(.*)') or '', '%s+')
  local name = table.remove(words, 1):gsub('!$', '')
  local choices = vim.tbl_keys(SUBCOMMANDS)
  if name ~= '' then
    choices = (SUBCOMMANDS[name] or {}).choices or {}
    table.remove(words) -- what is behind the last space is `lead`
  end
  if type(choices) == 'function' then
    choices = choices(words)
  end
  return vim
    .iter(vim.fn.uniq(vim.fn.sort(vim.list_slice(choices))))
    :filter(function(choice)
      return vim.startswith(choice, lead)
    end)
    :totable()
end

return M
